/* Understand the syntax of GNU readline's init file, which programs also pass
   to readline.parse_and_bind():
   https://tiswww.cwru.edu/php/chet/readline/rluserman.html#Readline-Init-File

   Lines are translated to libedit's own commands, see editrc(5), which are
   still accepted as well.  Lines for which libedit has no counterpart are
   ignored, as GNU readline ignores what it does not know. */

#include "inputrc_keys.c"

/* $if and $endif: the depth of this line, and the depth of the $if because of
   which lines are skipped (0: they are not). */
static int depth, skipped_from, files_open;

static int
is_on(const char *value)
{
    return *value == '\0' || is_word(value, "on") || is_word(value, "1");
}

/* `set VARIABLE VALUE` */
static void
set_variable(const char *name, const char *value)
{
    int number = atoi(value);

    if (is_word(name, "editing-mode")) {
        set_mode(is_word(value, "vi") ? VI_INSERT_KEYS
                 : is_word(value, "emacs") ? EMACS_KEYS : NO_KEYS);
    }
    else if (is_word(name, "keymap")) {
        set_keymap(value);
    }
    else if (is_word(name, "completion-query-items")) {
        rl_completion_query_items = number > 0 ? number : INT_MAX;
    }
    else if (is_word(name, "disable-completion")) {
        rl_inhibit_completion = is_on(value);
    }
    else if (is_word(name, "history-size")) {
        stifle_history(number >= 0 ? number : INT_MAX);
    }
    else if (is_word(name, "show-all-if-ambiguous")) {
        list_at_once = is_on(value);
    }
}

/* Evaluate the test of $if.  Comparisons with versions or variables are
   always false. */
static int
holds(const char *test)
{
    const char *terminal = rl_terminal_name != NULL ? rl_terminal_name : "";

    if (strncasecmp(test, "mode=", 5) == 0) {
        return is_word(test + 5, in_vi_mode() ? "vi" : "emacs");
    }
    if (strncasecmp(test, "term=", 5) == 0) {
        size_t family = strcspn(terminal, "-");
        return is_word(test + 5, terminal)
            || (strlen(test + 5) == family
                && strncasecmp(test + 5, terminal, family) == 0);
    }
    return is_word(test, rl_readline_name);
}

/* Handle a line that begins with '$'. */
static void
direct(const char *word, const char *rest)
{
    if (is_word(word, "$if")) {
        depth++;
        if (!skipped_from && !holds(rest)) {
            skipped_from = depth;
        }
    }
    else if (is_word(word, "$else")) {
        if (!skipped_from || skipped_from == depth) {
            skipped_from = skipped_from ? 0 : depth;
        }
    }
    else if (is_word(word, "$endif") && depth > 0) {
        if (skipped_from == depth) {
            skipped_from = 0;
        }
        depth--;
    }
    else if (is_word(word, "$include") && !skipped_from) {
        char *path = fn_tilde_expand(rest);
        if (path != NULL) {
            (void)rl_read_init_file(path);
        }
        free(path);
    }
}

/* Cut the first word off *text* and return it. */
static char *
cut_word(char **text)
{
    char *word = *text + strspn(*text, " \t");

    *text = word + strcspn(word, " \t");
    if (**text != '\0') {
        *(*text)++ = '\0';
    }
    *text += strspn(*text, " \t");
    return word;
}

static void
trim_end(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
}

/* Is this one of libedit's own commands, perhaps after the name of a program
   and a colon? */
static int
is_native(const char *line)
{
    static const char *const commands[] = {
        "bind", "echotc", "edit", "history", "settc", "setty", "telltc"};
    const char *word = line + strspn(line, " \t");
    size_t length = strcspn(word, " \t"), name = strcspn(word, ":"), i;

    if (name < length) {
        word += name + 1;
        length -= name + 1;
    }
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strlen(commands[i]) == length
            && strncmp(commands[i], word, length) == 0)
        {
            return 1;
        }
    }
    return 0;
}

/* Execute a line of an init file. */
int
rl_parse_and_bind(const char *line)
{
    char *copy, *rest, *word;
    int error = 0;

    if (e == NULL || h == NULL) {
        rl_initialize();
    }
    if ((copy = rest = strdup(line)) == NULL) {
        return ENOMEM;
    }
    trim_end(copy);
    rest += strspn(rest, " \t");
    if (*rest == '$') {
        word = cut_word(&rest);
        direct(word, rest);
    }
    else if (skipped_from || *rest == '#' || *rest == '\0') {
        /* nothing to do */
    }
    else if (is_native(rest)) {
        error = native_parse_and_bind(rest);
    }
    else if (strncasecmp(rest, "set", 3) == 0
             && (rest[3] == ' ' || rest[3] == '\t'))
    {
        (void)cut_word(&rest);
        word = cut_word(&rest);
        set_variable(word, rest);
    }
    else {
        bind_key(rest);
    }
    free(copy);
    return error;
}

static int
read_lines(FILE *file)
{
    int saved_depth = depth, saved_from = skipped_from, error;
    char *line = NULL;
    size_t size = 0;

    files_open++;
    while (getline(&line, &size, file) != -1) {
        (void)rl_parse_and_bind(line);
    }
    error = feof(file) ? 0 : errno;
    files_open--;
    depth = saved_depth;
    skipped_from = saved_from;
    free(line);
    return error;
}

/* Open the file that the environment variable names, or else the file *name*
   in the user's home directory. */
static FILE *
open_user_file(const char *variable, const char *name)
{
    const char *path = secure_getenv(variable), *home;
    char *joined;
    size_t length;
    FILE *file;

    if (path != NULL && *path != '\0') {
        return fopen(path, "r");
    }
    if ((home = secure_getenv("HOME")) == NULL) {
        return NULL;
    }
    length = strlen(home) + strlen(name) + 2;
    if ((joined = malloc(length)) == NULL) {
        return NULL;
    }
    snprintf(joined, length, "%s/%s", home, name);
    file = fopen(joined, "r");
    free(joined);
    return file;
}

/* Read an init file: *path*, or else libedit's file if it exists, or else GNU
   readline's. */
int
rl_read_init_file(const char *path)
{
    FILE *file;
    int error;

    if (e == NULL || h == NULL) {
        rl_initialize();
    }
    if (files_open > 10) {
        return ELOOP;
    }
    errno = 0;
    if (path != NULL) {
        file = fopen(path, "r");
    }
    else if ((file = open_user_file("EDITRC", ".editrc")) == NULL
             && (file = open_user_file("INPUTRC", ".inputrc")) == NULL)
    {
        file = fopen("/etc/inputrc", "r");
    }
    if (file == NULL) {
        return error_or(ENOENT);
    }
    error = read_lines(file);
    fclose(file);
    return error;
}

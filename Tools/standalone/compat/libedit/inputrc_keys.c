/* Key bindings of GNU readline's init file: parse the keys, and bind them in
   the right keymap. */

#include "inputrc_functions.h"

enum keymap { NO_KEYS, EMACS_KEYS, VI_INSERT_KEYS, VI_COMMAND_KEYS };

/* A key binding.  We record them, because libedit loses all bindings when the
   editing mode changes. */
struct binding {
    struct binding *next;       /* an older one, which this one may replace */
    enum keymap keymap;
    int is_macro;
    const char *keys, *value;   /* as libedit's `bind` takes them */
};

/* Bindings that GNU readline has by default and libedit does not. */
static struct binding default_bindings[] = {
    {NULL, VI_INSERT_KEYS, 0, "\\011", "rl_complete"},
    {&default_bindings[0], VI_INSERT_KEYS, 0, "\\022", "em-inc-search-prev"},
    {&default_bindings[1], VI_INSERT_KEYS, 0, "\\032", "rl_tstp"},
    {&default_bindings[2], EMACS_KEYS, 0, "\\032", "rl_tstp"},
    {&default_bindings[3], EMACS_KEYS, 0, "\\033[1~", "ed-move-to-beg"},
    {&default_bindings[4], EMACS_KEYS, 0, "\\033[4~", "ed-move-to-end"},
    {&default_bindings[5], EMACS_KEYS, 0, "\\033[H", "ed-move-to-beg"},
    {&default_bindings[6], EMACS_KEYS, 0, "\\033[F", "ed-move-to-end"},
    {&default_bindings[7], EMACS_KEYS, 0, "\\033[3~", "ed-delete-next-char"},
};
static struct binding *bindings = &default_bindings[8];

/* The keymap that `set keymap` selected; otherwise the mode decides. */
static int keymap_is_set;
static enum keymap keymap_that_is_set;

static const struct {
    const char *name;
    enum keymap keymap;
} keymaps[] = {
    {"emacs", EMACS_KEYS}, {"emacs-standard", EMACS_KEYS},
    {"vi", VI_COMMAND_KEYS}, {"vi-command", VI_COMMAND_KEYS},
    {"vi-move", VI_COMMAND_KEYS}, {"vi-insert", VI_INSERT_KEYS},
};

static const struct {
    const char *name;
    char key;
} key_names[] = {
    {"DEL", '\177'}, {"ESC", '\033'}, {"ESCAPE", '\033'}, {"LFD", '\n'},
    {"NEWLINE", '\n'}, {"RET", '\r'}, {"RETURN", '\r'}, {"RUBOUT", '\177'},
    {"SPACE", ' '}, {"SPC", ' '}, {"TAB", '\t'},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int
is_word(const char *text, const char *word)
{
    return strcasecmp(text, word) == 0;
}

static int
in_vi_mode(void)
{
    return e->el_map.type == MAP_VI;
}

/* Bind a key in libedit if its keymap belongs to the current mode. */
static void
apply(const struct binding *binding)
{
    const char *words[5] = {NULL};
    int count = 0;

    /* libedit has no timeout after an escape: a sequence that begins with it
       would stop the escape key from ending vi's insert mode. */
    if ((binding->keymap != EMACS_KEYS) != in_vi_mode()
        || (binding->keymap == VI_INSERT_KEYS
            && strncmp(binding->keys, "\\033", 4) == 0))
    {
        return;
    }
    if (binding->keymap == VI_COMMAND_KEYS) {
        words[count++] = "-a";
    }
    if (binding->is_macro) {
        words[count++] = "-s";
    }
    words[count++] = binding->keys;
    words[count] = binding->value;
    el_set(e, EL_BIND, words[0], words[1], words[2], words[3], words[4]);
}

static void
apply_oldest_first(const struct binding *binding)
{
    if (binding != NULL) {
        apply_oldest_first(binding->next);
        apply(binding);
    }
}

/* Bind a key now, and again whenever its mode becomes active. */
static void
bind_in(enum keymap keymap, int is_macro, const char *keys, const char *value)
{
    struct binding *binding = bindings;

    while (binding != NULL && (binding->keymap != keymap
                               || strcmp(binding->keys, keys) != 0))
    {
        binding = binding->next;
    }
    if (binding != NULL && binding->is_macro == is_macro
        && strcmp(binding->value, value) == 0)
    {
        apply(binding);
    }
    else if ((binding = malloc(sizeof(*binding))) != NULL) {
        *binding = (struct binding){
            bindings, keymap, is_macro, strdup(keys), strdup(value)};
        if (binding->keys != NULL && binding->value != NULL) {
            bindings = binding;
            apply(binding);
        }
    }
}

/* `set editing-mode` */
static void
set_mode(enum keymap keymap)
{
    if (keymap == NO_KEYS) {
        return;
    }
    keymap_is_set = 0;
    if ((keymap != EMACS_KEYS) == in_vi_mode()) {
        return;
    }
    /* Keep a tab that was bound by libedit's own command. */
    if (e->el_map.func[e->el_map.key['\t']] == (el_func_t)_el_rl_complete) {
        bind_in(in_vi_mode() ? VI_INSERT_KEYS : EMACS_KEYS, 0,
                "\\011", "rl_complete");
    }
    el_set(e, EL_EDITOR, keymap == EMACS_KEYS ? "emacs" : "vi");
    apply_oldest_first(bindings);
}

/* `set keymap`: select the keymap for the bindings that follow. */
static void
set_keymap(const char *name)
{
    size_t i;

    keymap_is_set = 1;
    keymap_that_is_set = NO_KEYS;
    for (i = 0; i < LENGTH(keymaps); i++) {
        if (is_word(name, keymaps[i].name)) {
            keymap_that_is_set = keymaps[i].keymap;
        }
    }
}

/* Read a character or an escape sequence, and return the character. */
static int
read_character(const char **text)
{
    static const char letters[] = "abdefnrtv",
                      meanings[] = "\a\b\177\033\f\n\r\t\v";
    const char *letter;
    int value = 0, digits;

    if (**text != '\\' || *++*text == '\0') {
        return (unsigned char)*(*text)++;
    }
    if ((letter = strchr(letters, **text)) != NULL) {
        ++*text;
        return meanings[letter - letters];
    }
    if (**text == 'x' && isxdigit((unsigned char)(*text)[1])) {
        digits = 1 + (isxdigit((unsigned char)(*text)[2]) != 0);
        (void)sscanf(*text + 1, "%2x", (unsigned int *)&value);
        *text += 1 + digits;
        return value;
    }
    for (digits = 0; digits < 3 && **text >= '0' && **text <= '7'; digits++) {
        value = value * 8 + *(*text)++ - '0';
    }
    return digits > 0 ? value & 0xff : (unsigned char)*(*text)++;
}

/* Write a character in the syntax of libedit's `bind`, as an octal number if
   it is ASCII, because it may be special.  Return the end. */
static char *
write_key(char *end, int character, int control, int meta)
{
    if (control) {
        character = character == '?' ? 0x7f : toupper(character) & 0x1f;
    }
    if (meta) {
        end += sprintf(end, "\\033");
    }
    return end + sprintf(end, character >= 0x80 ? "%c" : "\\%03o", character);
}

/* Read quoted keys; return the position after the closing quote. */
static const char *
read_quoted(const char *text, char *keys)
{
    const char quote = *text++;
    int control, meta;

    *keys = '\0';
    while (*text != '\0' && *text != quote) {
        control = meta = 0;
        while (strncmp(text, "\\C-", 3) == 0 || strncmp(text, "\\M-", 3) == 0)
        {
            control |= text[1] == 'C';
            meta |= text[1] == 'M';
            text += 3;
        }
        if (*text != '\0') {
            keys = write_key(keys, read_character(&text), control, meta);
        }
    }
    return *text == quote ? text + 1 : text;
}

/* Read the name of a key such as Control-Meta-DEL; return where it ends. */
static const char *
read_name(const char *text, char *keys)
{
    static const char *const modifiers[] = {
        "Control-", "Ctrl-", "C-", "Meta-", "M-"};
    size_t length, i;
    int control = 0, meta = 0;

    *keys = '\0';
    for (i = 0; i < LENGTH(modifiers); i++) {
        length = strlen(modifiers[i]);
        if (strncasecmp(text, modifiers[i], length) == 0) {
            control |= *modifiers[i] == 'C';
            meta |= *modifiers[i] == 'M';
            text += length;
            i = (size_t)-1;             /* there may be another */
        }
    }
    length = *text != '\0' ? 1 + strcspn(text + 1, ": \t") : 0;
    for (i = 0; i < LENGTH(key_names); i++) {
        if (strlen(key_names[i].name) == length
            && strncasecmp(text, key_names[i].name, length) == 0)
        {
            write_key(keys, key_names[i].key, control, meta);
        }
    }
    if (length == 1) {
        write_key(keys, (unsigned char)*text, control, meta);
    }
    return text + length;
}

static const char *
own_function(const char *theirs)
{
    size_t length = strcspn(theirs, " \t"), i;

    for (i = 0; i < LENGTH(functions); i++) {
        if (strlen(functions[i].theirs) == length
            && strncasecmp(theirs, functions[i].theirs, length) == 0)
        {
            return functions[i].ours;
        }
    }
    return NULL;
}

/* Does this fit into the buffer of `bind`, which does not check? */
static int
fits(const char *keys)
{
    size_t length = strlen(keys);

    for (; *keys != '\0'; keys++) {
        length -= *keys == '\\' ? 3 : 0;
    }
    return length > 0 && length < EL_BUFSIZ;
}

/* `KEY: FUNCTION` or `KEY: "MACRO"` */
static void
bind_key(const char *line)
{
    enum keymap keymap = keymap_is_set ? keymap_that_is_set
                         : in_vi_mode() ? VI_INSERT_KEYS : EMACS_KEYS;
    size_t size = strlen(line) * 4 + 1;
    char *keys = malloc(size), *macro = malloc(size);
    const char *value = NULL;
    int is_macro = 0;

    if (keys != NULL && macro != NULL) {
        line = *line == '"' || *line == '\'' ? read_quoted(line, keys)
                                             : read_name(line, keys);
        line += strspn(line, " \t");
        if (*line++ == ':') {
            line += strspn(line, " \t");
            is_macro = *line == '"' || *line == '\'';
            if (is_macro) {
                (void)read_quoted(line, macro);
            }
            value = is_macro ? macro : own_function(line);
        }
    }
    /* libedit's table has 256 characters, so the first must not exceed 0xff.
       Binding escape alone would unbind all keys that begin with it. */
    if (keymap != NO_KEYS && value != NULL && fits(keys) && fits(value)
        && (unsigned char)*keys <= 0xc3 && strcmp(keys, "\\033") != 0)
    {
        bind_in(keymap, is_macro, keys, value);
    }
    free(keys);
    free(macro);
}

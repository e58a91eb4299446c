/* libedit's readline.c, with functions of ours in place of those that do not
   what GNU readline's do, as far as CPython's readline module needs them:
   https://tiswww.cwru.edu/php/chet/readline/readline.html

   What a function of ours replaces keeps its place under another name, so
   that the rest of the file is compiled as it is. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vis.h>

#define completion_matches xxx_completion_matches
#include "editline/readline.h"
#undef completion_matches
#include "el.h"
#include "fcns.h"
#include "filecomplete.h"

static int complete_word(
    EditLine *, char *(*)(const char *, int),
    char **(*)(const char *, int, int), const wchar_t *, const wchar_t *,
    const char *(*)(const char *), size_t, int *, int *, int *, int *,
    unsigned int);

#define append_history              native_append_history
#define fn_complete2                complete_word
#define history_truncate_file       native_history_truncate_file
#define read_history                native_read_history
#define rl_callback_handler_install native_callback_handler_install
#define rl_insert_text              native_insert_text
#define rl_parse_and_bind           native_parse_and_bind
#define rl_read_init_file           native_read_init_file
#define rl_redisplay                native_redisplay
#define write_history               native_write_history
#include "readline_upstream.c"
#undef append_history
#undef fn_complete2
#undef history_truncate_file
#undef read_history
#undef rl_callback_handler_install
#undef rl_insert_text
#undef rl_parse_and_bind
#undef rl_read_init_file
#undef rl_redisplay
#undef write_history

/* `set show-all-if-ambiguous`: list at the first tab, not at the second. */
static int list_at_once = 0;

#include "history_files.c"
#include "inputrc.c"

/* Draw what has changed of the line that is being edited, if one is.
   libedit's function types ^R for the user: a search begins. */
void
rl_redisplay(void)
{
    if (e != NULL && (e->el_flags & UNBUFFERED)) {
        re_refresh(e);
        terminal__flush(e);
    }
}

/* Insert text, and let rl_line_buffer say so at once. */
int
rl_insert_text(const char *text)
{
    int inserted = native_insert_text(text);

    if (inserted > 0) {
        _rl_update_pos();
    }
    return inserted;
}

/* Begin to edit a line.  libedit calls the hooks in readline() alone, which
   CPython does not use, and empties the line as it shows the prompt. */
void
rl_callback_handler_install(const char *prompt, rl_vcpfunc_t *handler)
{
    wchar_t *text;
    size_t cursor;

    if (e == NULL || h == NULL) {
        rl_initialize();
    }
    ch_reset(e);
    _rl_update_pos();
    if (rl_startup_hook != NULL) {
        (*rl_startup_hook)();
    }
    cursor = (size_t)(e->el_line.cursor - e->el_line.buffer);
    *e->el_line.lastchar = L'\0';
    text = wcsdup(e->el_line.buffer);

    native_callback_handler_install(prompt, handler);
    if (text != NULL && el_winsertstr(e, text) == 0) {
        e->el_line.cursor = e->el_line.buffer + cursor;
    }
    free(text);
    _rl_update_pos();
    if (rl_pre_input_hook != NULL) {
        (*rl_pre_input_hook)();
    }
    if (e->el_line.lastchar > e->el_line.buffer) {
        rl_redisplay();
    }
}

/* How many bytes the first characters of the line have. */
static int
bytes_of(int characters)
{
    const wchar_t *text = e->el_line.buffer;
    size_t bytes = 0;

    while (characters-- > 0) {
        bytes += ct_enc_width(*text++);
    }
    return (int)bytes;
}

/* Cut what matches have in common where the last character is not whole:
   libedit compares bytes. */
static void
keep_whole_characters(char *common)
{
    size_t left = strlen(common), length;
    wchar_t c;

    while (left > 0) {
        length = mbrtowc(&c, common, left, NULL);
        if (length == (size_t)-2) {
            *common = '\0';
            return;
        }
        if (length == (size_t)-1) {
            length = 1;
        }
        common += length;
        left -= length;
    }
}

/* Between fn_complete2(), which counts characters, and the function that
   readline's users set, which expects to be given bytes. */
static char **
attempt_completion(const char *text, int start, int end)
{
    char **matches = (*rl_attempted_completion_function)(
        text, bytes_of(start), bytes_of(end));

    if (matches != NULL && matches[1] != NULL
        && strcmp(matches[0], matches[1]) != 0)
    {
        keep_whole_characters(matches[0]);
    }
    return matches;
}

/* In the place of fn_complete2(), with the same arguments. */
static int
complete_word(
    EditLine *el, char *(*generate)(const char *, int),
    char **(*attempt)(const char *, int, int), const wchar_t *word_break,
    const wchar_t *special_prefixes, const char *(*append)(const char *),
    size_t query_items, int *completion_type, int *over, int *point,
    int *end, unsigned int flags)
{
    if (list_at_once) {
        el->el_state.lastcmd = el->el_state.thiscmd;
    }
    return fn_complete2(el, generate,
                        attempt != NULL ? attempt_completion : NULL,
                        word_break, special_prefixes, append, query_items,
                        completion_type, over, point, end, flags);
}

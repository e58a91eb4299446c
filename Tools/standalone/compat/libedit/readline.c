/* libedit's readline.c, with replacements for the functions that CPython's
   readline module needs and that behave differently from GNU readline's:
   https://tiswww.cwru.edu/php/chet/readline/readline.html

   The original of each replaced function is compiled under another name, so
   that the rest of the file needs no changes. */

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

/* Redraw the line that is being edited, if there is one.  libedit's function
   acts as if the user typed ^R, which starts a search. */
void
rl_redisplay(void)
{
    if (e != NULL && (e->el_flags & UNBUFFERED)) {
        re_refresh(e);
        terminal__flush(e);
    }
}

/* Insert text, and update rl_line_buffer at once. */
int
rl_insert_text(const char *text)
{
    int inserted = native_insert_text(text);

    if (inserted > 0) {
        _rl_update_pos();
    }
    return inserted;
}

/* Begin to edit a line.  libedit calls the hooks only in readline(), which
   CPython does not use, and clears the line when it shows the prompt. */
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

/* Return the number of bytes in the first characters of the line. */
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

/* Cut an incomplete character off the common beginning of all matches, which
   libedit determines by comparing bytes. */
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

/* Call the user's completion function with positions in bytes, although
   fn_complete2() passes positions in characters. */
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

/* Replace fn_complete2(); the arguments are the same. */
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

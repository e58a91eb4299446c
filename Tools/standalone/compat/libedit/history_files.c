/* Read and write history files as plain text, like GNU readline and CPython's
   REPL.  libedit itself writes another format and cannot read plain text.  We
   can read its format, and keep it when appending to or truncating a file. */

/* The first line of libedit's format.  vis(3) encoded the other lines. */
static const char vis_cookie[] = "_HiStOrY_V2_\n";

/* Return *filename* or else the default, or NULL with errno set. */
static const char *
history_path(const char *filename)
{
    errno = ENOENT;
    return filename != NULL ? filename : _default_history_file();
}

static int
error_or(int otherwise)
{
    return errno != 0 ? errno : otherwise;
}

/* Remove the line end and every '\0', which a system crash may leave in a
   file.  CPython's REPL writes '\r' where an entry continues on the next line;
   GNU readline ignores it. */
static void
trim(char *line, size_t length, int is_plain)
{
    char *end = line;
    size_t i;

    for (i = 0; i < length; i++) {
        if (line[i] != '\0' && line[i] != '\n') {
            *end++ = line[i];
        }
    }
    *end = '\0';
    if (is_plain && end > line && end[-1] == '\r') {
        end[-1] = '\0';
    }
}

static void
add_line(const char *line, int is_plain)
{
    char *text = is_plain ? NULL : malloc(strlen(line) + 1);

    if (text != NULL && strunvis(text, line) >= 0) {
        add_history(text);
    }
    else if (*line != '\0') {
        add_history(line);
    }
    free(text);
}

/* Add the lines of a file to the history. */
int
read_history(const char *filename)
{
    FILE *file;
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int is_plain = 1, is_first = 1, error;

    if ((filename = history_path(filename)) == NULL
        || (file = fopen(filename, "r")) == NULL)
    {
        return error_or(ENOENT);
    }
    for (; (length = getline(&line, &size, file)) != -1; is_first = 0) {
        if (is_first && strcmp(line, vis_cookie) == 0) {
            is_plain = 0;
            continue;
        }
        trim(line, (size_t)length, is_plain);
        add_line(line, is_plain);
    }
    error = feof(file) ? 0 : error_or(EIO);
    free(line);
    fclose(file);
    return error;
}

/* Write an entry.  Like CPython's REPL, write '\r' where it continues. */
static void
write_line(FILE *file, const char *line, int is_plain)
{
    for (; *line != '\0'; line++) {
        unsigned char byte = (unsigned char)*line;

        if (is_plain && byte == '\n') {
            putc('\r', file);
        }
        if (!is_plain && (byte <= ' ' || byte == '\\' || byte == 0x7f)) {
            fprintf(file, "\\%03o", byte);
        }
        else {
            putc(byte, file);
        }
    }
    fputc('\n', file);
}

/* Write the last *count* entries and close the file. */
static int
write_entries(FILE *file, int count, int is_plain)
{
    HistEvent event;
    int skip, more, error;

    (void)history(h, &event, H_GETSIZE);
    skip = event.num - count;
    for (more = history(h, &event, H_LAST); more != -1;
         more = history(h, &event, H_PREV))
    {
        if (skip-- <= 0) {
            write_line(file, event.str, is_plain);
        }
    }
    errno = 0;
    error = ferror(file) ? EIO : 0;
    if (fclose(file) != 0) {
        error = error_or(EIO);
    }
    return error;
}

/* Replace the contents of a file with the history. */
int
write_history(const char *filename)
{
    FILE *file;
    int fd;

    if (e == NULL || h == NULL) {
        rl_initialize();
    }
    if ((filename = history_path(filename)) == NULL
        || (fd = open(filename, O_WRONLY | O_CREAT | O_TRUNC,
                      S_IRUSR | S_IWUSR)) == -1)
    {
        return error_or(ENOENT);
    }
    if ((file = fdopen(fd, "w")) == NULL) {
        int error = errno;
        close(fd);
        return error;
    }
    return write_entries(file, INT_MAX, 1);
}

static int
starts_with_cookie(FILE *file)
{
    char start[sizeof(vis_cookie)] = "";

    rewind(file);
    return fgets(start, sizeof(start), file) != NULL
        && strcmp(start, vis_cookie) == 0;
}

/* Append the last *index* + 1 entries: libedit counts from 0, and CPython
   detects that and passes the count minus one. */
int
append_history(int index, const char *filename)
{
    FILE *file;
    int is_plain;

    if (e == NULL || h == NULL) {
        rl_initialize();
    }
    if ((filename = history_path(filename)) == NULL
        || (file = fopen(filename, "a+")) == NULL)
    {
        return error_or(ENOENT);
    }
    is_plain = !starts_with_cookie(file);
    if (fseek(file, -1, SEEK_END) == 0 && getc(file) != '\n') {
        putc('\n', file);
    }
    return write_entries(file, index + 1, is_plain);
}

/* Return the contents of a file, or NULL with errno set. */
static char *
read_all(const char *filename, size_t *length)
{
    FILE *file = fopen(filename, "r");
    char *text = NULL, *bigger;
    size_t size = 0;

    *length = 0;
    while (file != NULL && !feof(file)) {
        if (*length == size) {
            size = size * 2 + 4096;
            if ((bigger = realloc(text, size)) == NULL) {
                break;
            }
            text = bigger;
        }
        *length += fread(text + *length, 1, size - *length, file);
        if (ferror(file)) {
            break;
        }
    }
    if (file == NULL || !feof(file)) {
        int error = error_or(EIO);
        free(text);
        text = NULL;
        if (file != NULL) {
            fclose(file);
        }
        errno = error;
        return NULL;
    }
    fclose(file);
    return text;
}

/* Return the position at which the last *count* lines begin. */
static size_t
last_lines(const char *text, size_t start, size_t length, int count)
{
    size_t position;

    if (count <= 0) {
        return length;
    }
    for (position = length; position > start; position--) {
        if (text[position - 1] == '\n' && position < length
            && --count == 0)
        {
            return position;
        }
    }
    return start;
}

/* Truncate a file to its last lines. */
int
history_truncate_file(const char *filename, int lines)
{
    size_t cookie = strlen(vis_cookie), length, start, begin;
    char *text;
    FILE *file;
    int error = 0;

    if ((filename = history_path(filename)) == NULL
        || (text = read_all(filename, &length)) == NULL)
    {
        return error_or(ENOENT);
    }
    start = length >= cookie && memcmp(text, vis_cookie, cookie) == 0
          ? cookie : 0;
    begin = last_lines(text, start, length, lines);
    if (begin > start) {
        if ((file = fopen(filename, "w")) == NULL) {
            error = errno;
        }
        else {
            fwrite(text, 1, start, file);
            fwrite(text + begin, 1, length - begin, file);
            error = fclose(file) == 0 ? 0 : error_or(EIO);
        }
    }
    free(text);
    return error;
}

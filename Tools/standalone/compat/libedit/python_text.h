
/* Let CPython's readline module, which includes this header after Python.h,
   convert text like text.h does for libedit: in UTF-8 mode, text is UTF-8 in
   any locale.  https://docs.python.org/3/library/os.html#utf8-mode */
#ifdef Py_PYTHON_H
#  define PyUnicode_EncodeLocale(text, errors) PyUnicode_EncodeFSDefault(text)
#  define PyUnicode_DecodeLocale(text, errors) PyUnicode_DecodeFSDefault(text)
#endif

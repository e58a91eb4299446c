"""ctypes: calls out of Python, and back into it."""

import ctypes
import threading
import unittest


class ForeignFunctionTests(unittest.TestCase):

    def setUp(self):
        # What the process has loaded: a static interpreter finds libc so.
        self.libc = ctypes.CDLL(None)

    def test_callback(self):
        compare = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_int),
            ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
        numbers = (ctypes.c_int * 5)(5, 1, 7, 33, 99)[::-1]
        array = (ctypes.c_int * 5)(*numbers)
        self.libc.qsort(array, ctypes.c_size_t(5), ctypes.c_size_t(4),
                        compare)
        self.assertEqual(list(array), [1, 5, 7, 33, 99])

    def test_callbacks_in_threads(self):
        """Each callback has its own trampoline in executable memory."""
        twice = [ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(
            lambda value, factor=factor: value * factor)
            for factor in range(200)]
        results = []
        threads = [threading.Thread(target=lambda part: results.extend(
            call(3) for call in part), args=(twice[start::4],))
            for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(results), [3 * n for n in range(200)])

    def test_variadic(self):
        """Doubles go where variadic functions look for them."""
        buffer = ctypes.create_string_buffer(100)
        self.libc.snprintf.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
        self.libc.snprintf(buffer, 100, b"%d %s %.2f", ctypes.c_int(1),
                           b"two", ctypes.c_double(3))
        self.assertEqual(buffer.value, b"1 two 3.00")

    def test_structure_by_value(self):
        class Div(ctypes.Structure):
            _fields_ = (("quotient", ctypes.c_int),
                        ("remainder", ctypes.c_int))
        self.libc.div.restype = Div
        result = self.libc.div(17, 5)
        self.assertEqual((result.quotient, result.remainder), (3, 2))

    def test_errno(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self.assertEqual(libc.close(-1), -1)
        self.assertEqual(ctypes.get_errno(), 9)      # EBADF

    def test_python_api(self):
        """The interpreter exports its own functions."""
        ctypes.pythonapi.PyLong_FromLong.restype = ctypes.py_object
        self.assertEqual(ctypes.pythonapi.PyLong_FromLong(42), 42)


if __name__ == "__main__":
    unittest.main()

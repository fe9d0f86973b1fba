#pragma once

// Nothing is called by name: the library is preloaded into a program and stands between it and libc.

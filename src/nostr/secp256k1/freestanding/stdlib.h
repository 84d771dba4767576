/* Nothing of a C library is linked; what the library's dead code mentions is declared. */
#pragma once
#include <stddef.h>
void abort(void) __attribute__((noreturn));
void *malloc(size_t size);
void free(void *block);

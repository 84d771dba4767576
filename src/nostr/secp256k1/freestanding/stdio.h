/* The library prints in its own tests only. */
#pragma once
#define printf(...) ((void)0)

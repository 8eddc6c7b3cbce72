#ifndef SEEHEAR_CZSTD_H
#define SEEHEAR_CZSTD_H
#include <zstd.h>
#include <zstd_errors.h>
#endif

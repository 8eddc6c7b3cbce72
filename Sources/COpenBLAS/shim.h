#ifndef SEEHEAR_COPENBLAS_H
#define SEEHEAR_COPENBLAS_H
#include <cblas.h>
#include <openblas_config.h>
#endif

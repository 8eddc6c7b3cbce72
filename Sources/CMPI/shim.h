#ifndef SEEHEAR_CMPI_H
#define SEEHEAR_CMPI_H
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#endif

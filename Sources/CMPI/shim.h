#ifndef SEEHEAR_CMPI_H
#define SEEHEAR_CMPI_H
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

/* Swift does not import macros that cast. */
static inline MPI_Comm seehear_mpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm seehear_mpi_comm_self(void) { return MPI_COMM_SELF; }
static inline MPI_Datatype seehear_mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Errhandler seehear_mpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline MPI_Group seehear_mpi_group_empty(void) { return MPI_GROUP_EMPTY; }

#endif

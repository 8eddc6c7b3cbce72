# What Open MPI needs to be told. `seehear launch` does so by itself; source this before mpirun, in bash:
#
#   . cluster/env.sh           on a cluster
#   . cluster/env.sh local     on one machine: more ranks than cores are allowed, and ranks meet in memory alone
#
# Everything goes through the environment, so that `mpirun -n 9 seehear-worker RUN` stays as it is. OMPI_… is read by
# Open MPI 4, PRTE_… by Open MPI 5. What the user has set already stays.
#
# shellcheck shell=sh

# As root, in a container for instance, mpirun refuses to start without these.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# By default mpirun pins each of up to two ranks to one core, and the threads of its CPU kernels with it.
export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy:-none}"
export PRTE_MCA_hwloc_default_binding_policy="${PRTE_MCA_hwloc_default_binding_policy:-none}"

if [ "${1:-}" = local ]; then
    export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe:-1}"
    export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy:-:oversubscribe}"
    # Ranks meet in memory; else each listens on all networks. What is not there is not missed.
    export OMPI_MCA_pml="${OMPI_MCA_pml:-ob1}"
    export OMPI_MCA_btl="${OMPI_MCA_btl:-^tcp,openib,usnic,uct,ofi}"
fi

! SPDX-License-Identifier: MIT
! quell in Fortran 2018: the C interface by the same names, over arrays x(dim, count).
!
!     use quell
!     type(quell_denoiser) :: denoiser
!     ...
!     call quell_denoiser_from_mixture(denoiser, weights, means, variances)
!     call quell_schedule_create(schedule, 'vp')
!     call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule)
!     call quell_sample(sampler, draw, x)
!
! The host's own compiler builds it, from the files that `pkg-config --variable=fortran_sources
! quell` names, in that order, or with CMake by quell::fortran. Sizes are of kind c_size_t and
! numbers of samples of kind c_int64_t, both of 64 bits; a seed is the 64 bits of its integer.
! Procedures that can fail take stat and errmsg; without stat they end the program (quell_base). MPI
! has two modules of its own, quell_mpi_f08 and quell_mpi.
!
! quell calls the procedures that it is given from many threads at once: declare them recursive, so
! that each call has its own local variables. There are no user pointers as in C. A denoiser has its
! data in an object (quell_denoise_object), a run in its context, and other procedures in a module.
module quell
    use quell_base
    use quell_c, only: quell_call, quell_point, quell_term, quell_noise_term, &
        quell_max_rank
    use quell_callbacks
    use quell_condition_arrays, only: quell_condition, quell_call_condition
    use quell_denoisers
    use quell_lists
    use quell_models
    use quell_noises
    use quell_plans
    use quell_quantizing
    use quell_run_options, only: quell_draw, quell_run, quell_body, quell_body_run, &
        quell_progress_fn, quell_observe_fn, quell_parallel_fn
    use quell_runs
    use quell_samplers
    use quell_schedules
    use quell_transitions
    implicit none
    public
end module

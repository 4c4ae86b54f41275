# build/bench: what the simulator costs. Measures bare switches with the machine's own code.
set(machine ${CMAKE_SOURCE_DIR}/sim/machine)
add_executable(bench bench.c bench_limit.c runner.c ${machine}/context_x86_64.S
    ${machine}/context_x86_64.c ${machine}/tls_glibc.c)
set_target_properties(bench PROPERTIES C_EXTENSIONS ON)
target_compile_definitions(bench PRIVATE _GNU_SOURCE)
target_compile_options(bench PRIVATE $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Werror
    -fno-stack-protector>)
target_link_libraries(bench PRIVATE sim_core -l:ld-linux-x86-64.so.2)
add_dependencies(bench sim-worker)
add_subdirectory(bench_modules)

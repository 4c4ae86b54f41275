# Builds one peer: cmake -Dcargo=… -Dfolder=… -Dpeer=… -Dprogram=… -P build.cmake
#
# A peer is optional, so one that cannot be built is left out and said, and the build goes on.
file(REMOVE ${program})
execute_process(
    COMMAND ${cargo} build --offline --release --manifest-path ${folder}/Cargo.toml
        --config ${folder}/config.toml --target-dir ${folder}/target
    OUTPUT_FILE ${folder}/log
    ERROR_FILE ${folder}/log
    RESULT_VARIABLE result
    TIMEOUT 600)
if(result EQUAL 0)
    file(COPY ${folder}/target/release/bench_peer_${peer} DESTINATION ${folder}/..)
else()
    message("skipped: ${peer} (cargo could not build it: ${folder}/log)")
endif()
file(TOUCH ${folder}/built)

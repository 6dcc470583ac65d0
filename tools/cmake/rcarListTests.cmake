# Lists a Catch2 program's tests for CTest, by source file and by fast or long (a process for each test would cost more than
# the tests). Run after each link:
#   cmake -D program=... -D group=... -D list_file=... -D environment=... -D skip=... -D after=... -D patience=... -P rcarListTests.cmake

cmake_minimum_required(VERSION 3.25)

# --filenames-as-tags gives every test the tag [#file]; --list-tags then names the files that have a matching test.
function(files_with out spec)
  execute_process(COMMAND ${program} --filenames-as-tags --list-tags ${spec} OUTPUT_VARIABLE output)
  string(REGEX MATCHALL "\\[#[^]\n]+\\]" tags "${output}")
  list(TRANSFORM tags REPLACE "\\[#(.*)\\]" "\\1")
  set(${out} ${tags} PARENT_SCOPE)
endfunction()

set(content "")
function(add_entry file label spec seconds)
  math(EXPR timeout_s "${seconds} * ${patience}")
  set(name ${group}.${file})
  if(label STREQUAL "long")
    string(APPEND name .long)
  endif()
  string(APPEND content "add_test([==[${name}]==] [==[${program}]==] --filenames-as-tags --durations yes "
    "--warn NoTests [==[[#${file}]${spec}]==])\n"
    "set_tests_properties([==[${name}]==] PROPERTIES LABELS [==[${label};${group}]==] SKIP_RETURN_CODE ${skip} "
    "TIMEOUT ${timeout_s} DEPENDS [==[${after}]==] ENVIRONMENT [==[${environment}]==])\n")
  set(content "${content}" PARENT_SCOPE)
endfunction()

files_with(fast "~[long]~[.]")
files_with(long "[long]~[.]")
if(NOT fast AND NOT long)
  message(FATAL_ERROR "${program} lists no tests.")
endif()
foreach(file ${fast})
  add_entry(${file} fast "~[long]~[.]" 300)
endforeach()
foreach(file ${long})
  add_entry(${file} long "[long]~[.]" 1500)
endforeach()
file(WRITE ${list_file} "${content}")

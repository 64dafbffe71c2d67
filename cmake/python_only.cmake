# Include it before rosidl_generate_interfaces: with -DPYTHON_ONLY=ON, messages are built without what only C++ programs
# use of them, which is half of the work.
option(PYTHON_ONLY "Build messages for C and Python, not for C++" OFF)
if(PYTHON_ONLY)
  list(FILTER AMENT_EXTENSIONS_rosidl_generate_idl_interfaces EXCLUDE REGEX "^rosidl_[a-z_]+_cpp:")
endif()

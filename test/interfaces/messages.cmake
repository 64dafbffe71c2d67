# What the packages beside this file have in common; `made_of` has the packages whose messages theirs contain.
find_package(ament_cmake REQUIRED)
find_package(rosidl_default_generators REQUIRED)
foreach(package ${made_of})
  find_package(${package} REQUIRED)
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/../../cmake/python_only.cmake)
file(GLOB interfaces RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS msg/*.msg srv/*.srv)
rosidl_generate_interfaces(${PROJECT_NAME} ${interfaces} DEPENDENCIES ${made_of})
ament_export_dependencies(rosidl_default_runtime)
ament_package()

package tributary.gpu.cuda;

import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.cuda.driver.LaunchShape;

/** Launches kernels of a build on one stream, each overlapping its predecessor's end. */
record Launcher(Driver driver, Kernels kernels, long stream) {
  /** A kernel that waits by itself for its predecessors, as every kernel of a step does. */
  void overlapping(String binary, String kernel, LaunchShape shape, Arguments arguments) {
    driver.launch(kernels.function(binary, kernel), shape.overlapping(), arguments, stream);
  }

  /** A kernel that starts when its predecessors have ended. */
  void waiting(String binary, String kernel, LaunchShape shape, Arguments arguments) {
    driver.launch(kernels.function(binary, kernel), shape, arguments, stream);
  }
}

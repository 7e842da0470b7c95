package tributary.gpu.program;

import tributary.gpu.DeltaMatrix;
import tributary.gpu.KvShape;
import tributary.gpu.WeightMatrix;
import tributary.gpu.WeightVector;

/** Turns programs into what a device runs in one piece. */
public interface StepCompiler {
  /**
   * Compiles a model and moves its weights to the device. What the operands were made from must
   * outlive the result.
   *
   * @param page extent of the cache, of any number of pages
   * @throws tributary.protocol.TributaryException {@code unknown_architecture} when the device has
   *     no kernels for the program, {@code device_memory} when it does not fit
   */
  CompiledModel compile(StepProgram program, BaseOperands base, KvShape page);

  /** Weights for measuring speed, made on the device: small numbers of either sign. */
  WeightMatrix randomMatrix(int rows, int columns, long seed);

  /** A vector of ones. */
  WeightVector ones(int length);

  /** A difference of sign planes for measuring speed, made on the device. */
  DeltaMatrix randomSigns(int rows, int columns, int planes);
}

package tributary.benchmarks;

import tributary.benchmarks.weights.ModelShape;

/** A published model whose sizes can be benchmarked without its weights; lower case to be typed. */
enum KnownShape {
  tinyllama("tinyllama-random", ModelShape.TINY_LLAMA);

  private final String modelName;
  private final ModelShape shape;

  KnownShape(String modelName, ModelShape shape) {
    this.modelName = modelName;
    this.shape = shape;
  }

  String modelName() {
    return modelName;
  }

  ModelShape shape() {
    return shape;
  }
}

package tributary.model.gradient;

/** Takes gradients as they become known, from the last layer to the first. */
public interface GradientSink {
  /** Whether the gradient of this parameter is to be computed. */
  default boolean wants(String parameter) {
    return true;
  }

  /**
   * Takes one parameter's gradient.
   *
   * @param gradient of the parameter's shape, row-major; the receiver's own from now on
   */
  void accept(String parameter, float[] gradient);
}

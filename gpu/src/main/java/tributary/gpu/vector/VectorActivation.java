package tributary.gpu.vector;

import jdk.incubator.vector.FloatVector;
import tributary.gpu.Activation;

/** Activations and the hyperbolic tangent of every lane, to a few units of 1e-7. */
final class VectorActivation {
  private static final float ROOT_HALF = (float) Math.sqrt(0.5);
  private static final float ROOT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI);
  private static final float CUBIC = 0.044715f;

  private VectorActivation() {}

  static FloatVector of(Activation kind, FloatVector x) {
    return switch (kind) {
      case SILU -> x.div(VectorExp.exp(x.neg()).add(1));
      case GELU -> x.mul(normal(x));
      case GELU_TANH -> {
        FloatVector inner = x.mul(x).mul(CUBIC).add(1).mul(x).mul(ROOT_2_OVER_PI);
        // 1 + tanh(y) is 2 / (1 + e^-2y), which loses nothing where it is small.
        yield x.div(VectorExp.exp(inner.mul(-2)).add(1));
      }
      case RELU -> x.max(0);
    };
  }

  /** {@code tanh(x) = 1 - 2 / (e^2x + 1)}, exact to about 1e-7. */
  static FloatVector tanh(FloatVector x) {
    FloatVector denominator = VectorExp.exp(x.mul(2)).add(1);
    return FloatVector.broadcast(Lanes.FLOATS, -2).div(denominator).add(1);
  }

  /**
   * The normal distribution function: half the complementary error function, by the polynomial
   * 7.1.26 of Abramowitz and Stegun, on the side where it is small.
   */
  private static FloatVector normal(FloatVector x) {
    FloatVector z = x.abs().mul(ROOT_HALF);
    FloatVector t = FloatVector.broadcast(Lanes.FLOATS, 1).div(z.mul(0.3275911f).add(1));
    FloatVector sum = FloatVector.broadcast(Lanes.FLOATS, 1.0614054f);
    sum = sum.fma(t, FloatVector.broadcast(Lanes.FLOATS, -1.4531521f));
    sum = sum.fma(t, FloatVector.broadcast(Lanes.FLOATS, 1.4214138f));
    sum = sum.fma(t, FloatVector.broadcast(Lanes.FLOATS, -0.28449672f));
    sum = sum.fma(t, FloatVector.broadcast(Lanes.FLOATS, 0.2548296f));
    FloatVector tail = sum.mul(t).mul(VectorExp.exp(z.mul(z).neg())).mul(0.5f);
    return tail.neg().add(1).blend(tail, x.lt(0));
  }
}

package tributary.gpu;

/** What a feed-forward layer does to each of its values; defined here, in double. */
public enum Activation {
  /** {@code x / (1 + e^-x)}. */
  SILU {
    @Override
    public double of(double x) {
      return x * sigmoid(x);
    }

    @Override
    public double slope(double x) {
      double sigmoid = sigmoid(x);
      return sigmoid * (1 + x * (1 - sigmoid));
    }
  },
  /** {@code x Phi(x)}, Phi the distribution function of the normal distribution. */
  GELU {
    @Override
    public double of(double x) {
      return x * 0.5 * (1 + erf(x / Math.sqrt(2)));
    }

    @Override
    public double slope(double x) {
      double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      return 0.5 * (1 + erf(x / Math.sqrt(2))) + x * density;
    }
  },
  /** {@code x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}. */
  GELU_TANH {
    @Override
    public double of(double x) {
      return 0.5 * x * (1 + Math.tanh(inner(x)));
    }

    @Override
    public double slope(double x) {
      double tanh = Math.tanh(inner(x));
      double innerSlope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * innerSlope;
    }

    private static double inner(double x) {
      return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    }
  },
  /** {@code max(x, 0)}. */
  RELU {
    @Override
    public double of(double x) {
      return Math.max(x, 0);
    }

    @Override
    public double slope(double x) {
      return x > 0 ? 1 : 0;
    }
  };

  /** Past this the error function is 1 in double. */
  private static final double ERF_END = 6;

  public abstract double of(double x);

  /** The derivative. */
  public abstract double slope(double x);

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** By {@code 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (1 3 5 .. (2n+1))}: no term cancels. */
  private static double erf(double x) {
    if (Math.abs(x) >= ERF_END) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > Math.ulp(sum) / 2; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
}

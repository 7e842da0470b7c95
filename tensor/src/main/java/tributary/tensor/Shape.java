package tributary.tensor;

import java.util.List;
import java.util.stream.Collectors;

/** The extent of a tensor, outermost dimension first; row-major. */
public record Shape(List<Long> dimensions) {
  public Shape {
    dimensions = List.copyOf(dimensions);
    for (long dimension : dimensions) {
      if (dimension < 0) {
        throw new IllegalArgumentException("negative dimension in shape " + dimensions);
      }
    }
  }

  public static Shape of(long... dimensions) {
    return new Shape(java.util.Arrays.stream(dimensions).boxed().toList());
  }

  public int rank() {
    return dimensions.size();
  }

  public long dimension(int index) {
    return dimensions.get(index);
  }

  /** Number of elements; throws {@link ArithmeticException} when it exceeds a {@code long}. */
  public long elements() {
    long product = 1;
    for (long dimension : dimensions) {
      product = Math.multiplyExact(product, dimension);
    }
    return product;
  }

  @Override
  public String toString() {
    return dimensions.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }
}

package tributary.tensor.container;

import java.util.List;
import tributary.tensor.DType;
import tributary.tensor.Shape;

/**
 * What one stored tensor of a delta file must be.
 *
 * @param stage where it comes in the file: {@link #STATISTICS} first, then planes by their numbers,
 *     then {@link #ARCHIVE}
 * @param types that it may have
 * @param shapes that it may have
 */
record Part(String name, int stage, List<DType> types, List<Shape> shapes) {
  static final int STATISTICS = -1;
  static final int ARCHIVE = Integer.MAX_VALUE;

  /** Finite numbers, such as scales. */
  static Part numbers(String name, Shape... shapes) {
    return new Part(name, STATISTICS, List.of(DType.F32, DType.F16), List.of(shapes));
  }

  /** Numbers from 0 up to below {@code end}. */
  static Part indices(String name, long end, Shape shape) {
    DType type = end <= 1 << Short.SIZE ? DType.U16 : DType.I32;
    return new Part(name, STATISTICS, List.of(type), List.of(shape));
  }

  /** Bytes whose meaning is the code's. */
  static Part bytes(String name, int stage, long... shape) {
    return new Part(name, stage, List.of(DType.U8), List.of(Shape.of(shape)));
  }

  /** Words of one bit a column. */
  static Part bits(String name, int plane, long rows, long words) {
    return new Part(name, plane, List.of(DType.U64), List.of(Shape.of(rows, words)));
  }

  /** What is wanted, for messages. */
  String wanted() {
    return "%s %s".formatted(alternatives(types), alternatives(shapes));
  }

  private static String alternatives(List<?> wanted) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < wanted.size(); i++) {
      text.append(i == 0 ? "" : i == wanted.size() - 1 ? " or " : ", ").append(wanted.get(i));
    }
    return text.toString();
  }
}

package tributary.tensor.container;

import java.util.ArrayList;
import java.util.List;

/** How one difference is stored in a delta file, and under which names. See {@link DeltaFile}. */
sealed interface DeltaLayout {
  /** A base matrix plus sign planes, and rows of its own when {@code addedRows} is above 0. */
  record Signed(int rows, int columns, int planes, ScaleLaw law, long addedRows)
      implements DeltaLayout {}

  /** The fine-tune's tensor itself. */
  record Replaced() implements DeltaLayout {}

  /** How a plane's scales are stored. */
  enum ScaleLaw {
    /** Each plane has a tensor of scales. */
    FREE("free"),
    /** Plane 0 has one; those of plane p are the 2^-p fold of it. */
    HALVING("halving");

    private final String wireName;

    ScaleLaw(String wireName) {
      this.wireName = wireName;
    }

    String wireName() {
      return wireName;
    }
  }

  static String signsName(String tensor, int plane) {
    return "%s/signs.%d".formatted(tensor, plane);
  }

  static String scalesName(String tensor, int plane) {
    return "%s/scales.%d".formatted(tensor, plane);
  }

  static String addedName(String tensor) {
    return tensor + "/added";
  }

  /** Names of all stored tensors of the difference of {@code tensor}. */
  default List<String> storedNames(String tensor) {
    return switch (this) {
      case Replaced() -> List.of(tensor);
      case Signed signed -> {
        List<String> names = new ArrayList<>();
        for (int plane = 0; plane < signed.planes; plane++) {
          names.add(signsName(tensor, plane));
          if (plane == 0 || signed.law == ScaleLaw.FREE) {
            names.add(scalesName(tensor, plane));
          }
        }
        if (signed.addedRows > 0) {
          names.add(addedName(tensor));
        }
        yield names;
      }
    };
  }
}

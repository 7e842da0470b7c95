package tributary.gpu.cuda;

import java.util.List;

/**
 * Matrices that read the same input and are computed in one launch.
 *
 * @param members in the order of their outputs
 * @param outputs of all
 */
record Projection(List<Member> members, int columns, int outputs) {
  /** One matrix, by its slot, and where its rows lie. */
  record Member(int matrix, int rows, Placement at) {}

  Projection {
    members = List.copyOf(members);
  }

  static Projection alone(int matrix, int rows, int columns) {
    return new Projection(List.of(new Member(matrix, rows, Placement.ALONE)), columns, rows);
  }

  /**
   * Members whose differences form one part: parts begin at whole tiles and are unbroken, so
   * members that share a tile belong together.
   */
  List<List<Member>> parts() {
    boolean apart =
        members.stream().allMatch(m -> !m.at.interleaved() && m.at.first() % Tiles.OUTPUTS == 0);
    return apart && members.size() <= ProjectionLayout.PARTS_MAX
        ? members.stream().map(List::of).toList()
        : List.of(members);
  }
}

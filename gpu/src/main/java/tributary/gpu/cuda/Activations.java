package tributary.gpu.cuda;

import tributary.gpu.KvShape;

/**
 * Addresses of what a step's launches read and write; shapes as {@link DeviceOp} lists them.
 *
 * @param rows that there is room for
 */
record Activations(
    int rows, long residual, long normed, long qkv, long attended, long gateUp, long inner) {

  static Activations allocate(DeviceArena arena, DevicePlan plan, KvShape shape, int rows) {
    return new Activations(
        rows,
        arena.allocate((long) rows * plan.hidden() * Float.BYTES),
        halves(arena, rows, plan.hidden()),
        halves(arena, rows, qkvColumns(plan, shape)),
        halves(arena, rows, plan.attended()),
        halves(arena, rows, 2 * plan.inner()),
        halves(arena, rows, plan.inner()));
  }

  private static long halves(DeviceArena arena, int rows, int columns) {
    return arena.allocate((long) rows * columns * Short.BYTES);
  }

  static int qkvColumns(DevicePlan plan, KvShape shape) {
    return plan.attended() + 2 * shape.heads() * shape.headSize();
  }
}

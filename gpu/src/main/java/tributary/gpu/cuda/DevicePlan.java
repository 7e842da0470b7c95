package tributary.gpu.cuda;

import java.util.List;

/**
 * A step's launches, and the merged matrices they work with.
 *
 * @param hidden columns of the residual stream
 * @param attended columns of attention's result: query heads times their size
 * @param inner columns of the gated layer
 */
record DevicePlan(
    List<DeviceOp> ops, List<Projection> projections, int hidden, int attended, int inner) {
  DevicePlan {
    ops = List.copyOf(ops);
    projections = List.copyOf(projections);
  }
}

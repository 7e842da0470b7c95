package tributary.simulation.engine;

import java.util.List;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/**
 * Nodes of one kind.
 *
 * @param detection from a node's death until its requests are given to others; requests that come
 *     meanwhile go to the nodes that live
 */
public record ClusterSpec(
    NodeSpec node, int nodes, Placement placement, List<Failure> failures, Nanos detection) {
  public static final int NODES_MAX = 10_000;

  public ClusterSpec {
    failures = List.copyOf(failures);
    if (nodes < 1 || nodes > NODES_MAX) {
      throw TributaryException.parameter("nodes", nodes, 1, NODES_MAX);
    }
    for (Failure failure : failures) {
      if (failure.node() < 0 || failure.node() >= nodes) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER,
            "failure of node %d; nodes are 0 to %d".formatted(failure.node(), nodes - 1));
      }
    }
  }

  /** Nothing fails. */
  public static ClusterSpec sound(NodeSpec node, int nodes, Placement placement) {
    return new ClusterSpec(node, nodes, placement, List.of(), Nanos.ZERO);
  }

  public int gpus() {
    return nodes * node.gpus();
  }
}

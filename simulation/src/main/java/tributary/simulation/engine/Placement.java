package tributary.simulation.engine;

import java.util.List;
import tributary.scheduling.placement.Overload;

/** Decides which node a request goes to. */
public enum Placement {
  /** A tenant lives on one node, told by its number, as the cluster's shards do. */
  BY_TENANT {
    @Override
    int choose(int tenant, List<SimulatedNode> alive) {
      return Math.floorMod(mixed(tenant), alive.size());
    }
  },
  /** Each tenant has a node of its own. */
  OWN_NODE {
    @Override
    int choose(int tenant, List<SimulatedNode> alive) {
      return tenant % alive.size();
    }
  },
  /** Wherever the fewest requests are open. */
  LEAST_LOADED {
    @Override
    int choose(int tenant, List<SimulatedNode> alive) {
      return leastLoaded(alive);
    }
  },
  /** A tenant's home by its number, unless that has far more open requests than the others. */
  HOME_UNLESS_BUSY {
    @Override
    int choose(int tenant, List<SimulatedNode> alive) {
      int home = BY_TENANT.choose(tenant, alive);
      int other = leastLoaded(alive);
      boolean busy =
          Overload.OF_REQUESTS.isFarAbove(alive.get(home).open(), alive.get(other).open());
      return busy ? other : home;
    }
  };

  /** The index of the node, of at least one that is alive. */
  abstract int choose(int tenant, List<SimulatedNode> alive);

  static int leastLoaded(List<SimulatedNode> alive) {
    int best = 0;
    for (int i = 1; i < alive.size(); i++) {
      if (alive.get(i).open() < alive.get(best).open()) {
        best = i;
      }
    }
    return best;
  }

  /** Neighbours in number are no neighbours in place. */
  static int mixed(int tenant) {
    int hash = tenant * 0x9E3779B9;
    return hash ^ (hash >>> 15);
  }
}

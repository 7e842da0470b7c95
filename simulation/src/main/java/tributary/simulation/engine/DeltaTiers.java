package tributary.simulation.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.DeltaKey;
import tributary.scheduling.residency.DeltaMove;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Footprint;
import tributary.scheduling.residency.Place;
import tributary.scheduling.residency.Residency;
import tributary.scheduling.residency.ResidencySettings;

/**
 * One node's weights: the real residency decides, this counts users and says which moves have to be
 * carried out.
 */
final class DeltaTiers {
  private final boolean nothingMoves;
  private final long sizeOfOne;
  private final Residency residency;
  private final DeltaKey[] keys;
  private final Map<DeltaKey, Integer> tenants = new HashMap<>();
  private final int[] uses;

  /** Memory that is to be given back as soon as nobody uses it. */
  private final Map<Integer, DeltaMove> leaving = new HashMap<>();

  private final Deque<Integer> ready = new ArrayDeque<>();
  private final Map<Place, Integer> moving = new EnumMap<>(Place.class);
  private boolean changed;

  /**
   * @param movesMax weights that move at once
   */
  DeltaTiers(TierSettings settings, DeltaId[] tenants, int movesMax) {
    nothingMoves = settings.size().equals(Bytes.ZERO);
    sizeOfOne = settings.size().count();
    residency =
        new Residency(
            new ResidencySettings(
                new Bytes(sizeOfOne * settings.hostSlots()),
                new Bytes(sizeOfOne * settings.deviceSlots()),
                movesMax,
                settings.ageMax(),
                Bytes.ZERO));
    keys = new DeltaKey[tenants.length];
    uses = new int[tenants.length];
    for (int tenant = 0; tenant < tenants.length; tenant++) {
      keys[tenant] = new DeltaKey(tenants[tenant], 0);
      this.tenants.put(keys[tenant], tenant);
      if (!nothingMoves) {
        register(keys[tenant], settings.size());
      }
    }
    for (Place place : Place.values()) {
      moving.put(place, 0);
    }
  }

  private void register(DeltaKey key, Bytes size) {
    Optional<Refusal> refusal =
        residency.register(key, new Footprint(List.of(size)), DeltaTerms.DEFAULT);
    if (refusal.isPresent()) {
      throw new TributaryException(ErrorCode.INVALID_PARAMETER, refusal.get().message());
    }
  }

  /** Takes the tenant's weights into use if they are there, or notes that they are wanted. */
  boolean use(int tenant, Nanos now) {
    if (nothingMoves) {
      return true;
    }
    if (residency.width(keys[tenant]) > 0) {
      residency.taken(keys[tenant]);
      uses[tenant]++;
      return true;
    }
    residency.wanted(keys[tenant], now);
    changed = true;
    return false;
  }

  void unuse(int tenant, Nanos now) {
    if (nothingMoves) {
      return;
    }
    uses[tenant]--;
    residency.left(keys[tenant]);
    changed |= uses[tenant] == 0;
    DeltaMove move = uses[tenant] == 0 ? leaving.remove(tenant) : null;
    if (move != null) {
      residency.done(move, now);
    }
  }

  /** Whether another decision may have another result than the last. */
  boolean hasChanged() {
    return changed;
  }

  /** The loads to begin now. */
  List<DeltaMove> begin(Nanos now) {
    var loads = new ArrayList<DeltaMove>();
    boolean freed = !nothingMoves;
    while (freed) {
      freed = false;
      for (DeltaMove move : residency.decide(now)) {
        int tenant = tenant(move);
        if (move.raises()) {
          moving.merge(move.place(), 1, Integer::sum);
          loads.add(move);
        } else if (move.place() == Place.DEVICE && uses[tenant] > 0) {
          leaving.put(tenant, move);
        } else {
          residency.done(move, now);
          freed = true;
        }
      }
    }
    changed = false;
    return loads;
  }

  void arrived(DeltaMove move, Nanos now) {
    residency.done(move, now);
    moving.merge(move.place(), -1, Integer::sum);
    changed = true;
    if (move.place() == Place.DEVICE) {
      ready.add(tenant(move));
    }
  }

  /** Tenants whose waiting requests may go on since the last call, in order. */
  List<Integer> takeReady() {
    if (ready.isEmpty()) {
      return List.of();
    }
    var all = new ArrayList<>(ready);
    ready.clear();
    return all;
  }

  int moving(Place place) {
    return moving.getOrDefault(place, 0);
  }

  int onDevice() {
    return held(residency.load().device());
  }

  int inHost() {
    return held(residency.load().ram());
  }

  private int held(Bytes taken) {
    return nothingMoves ? 0 : (int) (taken.count() / sizeOfOne);
  }

  long evictions() {
    return residency.load().evictions();
  }

  private int tenant(DeltaMove move) {
    Integer tenant = tenants.get(move.key());
    if (tenant == null) {
      throw new AssertionError(move + " is of no tenant");
    }
    return tenant;
  }
}

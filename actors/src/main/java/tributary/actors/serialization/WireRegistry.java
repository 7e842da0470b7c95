package tributary.actors.serialization;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The classes that may cross nodes, each with its number on the wire and its codec. */
public final class WireRegistry {
  /** Kryo keeps the numbers below for primitives and strings. */
  static final int ID_MIN = 16;

  record Entry<T>(int id, Class<T> type, WireCodec<T> codec) {}

  private final Map<Integer, Entry<?>> entries = new HashMap<>();
  private final Set<Class<?>> types = new HashSet<>();

  /** Registers a class. A number, once released, never means another class. */
  public <T> WireRegistry add(int id, Class<T> type, WireCodec<T> codec) {
    if (id < ID_MIN || entries.containsKey(id) || !types.add(type)) {
      throw new AssertionError(
          "wire id %d or class %s is taken, or the id is below %d"
              .formatted(id, type.getName(), ID_MIN));
    }
    entries.put(id, new Entry<>(id, type, codec));
    return this;
  }

  Iterable<Entry<?>> entries() {
    return entries.values();
  }

  boolean knows(Class<?> type) {
    return types.contains(type);
  }
}

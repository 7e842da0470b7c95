package tributary.actors.serialization;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.io.Input;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a message; the counterpart of {@link WireWriter}. Allocates nothing larger
 * than the bytes at hand can fill, whatever lengths they claim.
 */
public final class WireReader {
  private final Kryo kryo;
  private final Input input;
  private final ActorRefResolver actors;

  WireReader(Kryo kryo, Input input, ActorRefResolver actors) {
    this.kryo = kryo;
    this.input = input;
    this.actors = actors;
  }

  /** What {@link WireWriter#count} wrote. */
  public int count() {
    return input.readVarInt(true);
  }

  /** A count of things that follow, each taking one byte at least. */
  public int size() {
    int size = count();
    int remaining = input.limit() - input.position();
    if (size < 0 || size > remaining) {
      throw new KryoException(
          "a message claims %d entries with %d bytes left; it is damaged"
              .formatted(size, remaining));
    }
    return size;
  }

  public long int64() {
    return input.readLong();
  }

  public float float32() {
    return input.readFloat();
  }

  public double float64() {
    return input.readDouble();
  }

  public String text() {
    return new String(input.readBytes(size()), StandardCharsets.UTF_8);
  }

  public <E extends Enum<E>> E constant(Class<E> type) {
    return Enum.valueOf(type, text());
  }

  /** A constant that a newer node may know and this one need not. */
  public <E extends Enum<E>> E constant(Class<E> type, E unknown) {
    String name = text();
    for (E known : type.getEnumConstants()) {
      if (known.name().equals(name)) {
        return known;
      }
    }
    return unknown;
  }

  /**
   * Whether the message goes on. A field that was added later is read only if it is there: an older
   * node does not write it.
   */
  public boolean more() {
    return input.position() < input.limit();
  }

  public <T> @Nullable T nullable(Function<WireReader, T> reader) {
    return input.readBoolean() ? reader.apply(this) : null;
  }

  /** In the order written; the caller owns the list's immutability. */
  public <T> List<T> all(Function<WireReader, T> reader) {
    int size = size();
    var values = new ArrayList<T>(size);
    for (int i = 0; i < size; i++) {
      values.add(reader.apply(this));
    }
    return Collections.unmodifiableList(values);
  }

  public <T> ActorRef<T> actor() {
    return actors.resolveActorRef(text());
  }

  /** A value of a registered class that is, or extends, {@code type}. */
  public <T> T registered(Class<T> type) {
    Registration registration = kryo.readClass(input);
    if (registration == null || registration.getId() < WireRegistry.ID_MIN) {
      throw new KryoException("a message holds nothing of a registered class; it is damaged");
    }
    Class<?> found = registration.getType();
    if (!type.isAssignableFrom(found)) {
      throw new KryoException(
          "a message holds %s where %s belongs; it is damaged"
              .formatted(found.getName(), type.getName()));
    }
    return type.cast(kryo.readObject(input, found));
  }
}

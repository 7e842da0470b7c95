package tributary.actors.serialization;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Output;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Writes the fields of a message; the counterpart of {@link WireReader}. */
public final class WireWriter {
  private final Kryo kryo;
  private final Output output;
  private final ActorRefResolver actors;

  WireWriter(Kryo kryo, Output output, ActorRefResolver actors) {
    this.kryo = kryo;
    this.output = output;
    this.actors = actors;
  }

  /** An int in 1 to 5 bytes, small where it is small and not negative. */
  public void count(int value) {
    output.writeVarInt(value, true);
  }

  /** A long in 8 bytes. */
  public void int64(long value) {
    output.writeLong(value);
  }

  public void float32(float value) {
    output.writeFloat(value);
  }

  public void float64(double value) {
    output.writeDouble(value);
  }

  public void text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    count(bytes.length);
    output.writeBytes(bytes);
  }

  /** By name, so that a new constant does not shift the others. */
  public void constant(Enum<?> value) {
    text(value.name());
  }

  public <T> void nullable(@Nullable T value, BiConsumer<WireWriter, T> writer) {
    output.writeBoolean(value != null);
    if (value != null) {
      writer.accept(this, value);
    }
  }

  public <T> void all(Collection<T> values, BiConsumer<WireWriter, T> writer) {
    count(values.size());
    values.forEach(value -> writer.accept(this, value));
  }

  public void actor(ActorRef<?> value) {
    text(actors.toSerializationFormat(value));
  }

  /** A value of a registered class, which is written in front of it. */
  public void registered(Object value) {
    kryo.writeClassAndObject(output, value);
  }
}

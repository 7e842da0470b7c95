package tributary.actors.serialization;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.ByteBufferSerializer;
import akka.serialization.SerializerWithStringManifest;
import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.ByteBufferInput;
import com.esotericsoftware.kryo.io.ByteBufferOutput;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.KryoBufferOverflowException;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.util.Pool;
import java.io.NotSerializableException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;

/**
 * An Akka serializer that lets Kryo write registered classes and nothing else.
 *
 * <p>The manifest is the version of the registry; a message of another version is refused by name
 * instead of being misread. Within a version, nodes of different builds understand each other:
 *
 * <ul>
 *   <li>fields are only ever added, at the end of a message, and read if {@link WireReader#more()};
 *       a node that does not know them leaves them unread;
 *   <li>classes are only ever added; a node that does not know one drops the message and says so,
 *       so the protocol must do without it;
 *   <li>constants may be added where a reader names one to take instead.
 * </ul>
 */
public abstract class KryoSerializer extends SerializerWithStringManifest
    implements ByteBufferSerializer {
  /**
   * The largest message. It leaves room for Akka's envelope in an Artery frame of 256 KiB, the
   * default of {@code akka.remote.artery.advanced.maximum-frame-size}.
   */
  public static final int MESSAGE_BYTES_MAX = 240 * 1024;

  private static final int BUFFER_BYTES_START = 512;

  private final ExtendedActorSystem system;
  private final int identifier;
  private final String version;
  private final WireRegistry registry;
  private final Class<?> messages;
  private final Pool<Kryo> kryos;

  /**
   * @param messages of the registered classes those that are messages, not parts of them
   */
  protected KryoSerializer(
      ExtendedActorSystem system,
      int identifier,
      String version,
      WireRegistry registry,
      Class<?> messages) {
    this.system = system;
    this.identifier = identifier;
    this.version = version;
    this.registry = registry;
    this.messages = messages;
    this.kryos = new KryoPool(2 * Runtime.getRuntime().availableProcessors());
  }

  @Override
  public final int identifier() {
    return identifier;
  }

  @Override
  public final String manifest(Object message) {
    return version;
  }

  @Override
  public final byte[] toBinary(Object message) {
    var output = new Output(BUFFER_BYTES_START, MESSAGE_BYTES_MAX);
    try {
      write(message, output);
    } catch (KryoBufferOverflowException tooLarge) {
      throw new IllegalArgumentException(
          "%s takes more than %d bytes, the most that may cross nodes"
              .formatted(message.getClass().getName(), MESSAGE_BYTES_MAX),
          tooLarge);
    }
    return output.toBytes();
  }

  @Override
  public final void toBinary(Object message, ByteBuffer buffer) {
    var output = new ByteBufferOutput(buffer);
    try {
      write(message, output);
    } catch (KryoBufferOverflowException tooLarge) {
      // What Akka expects of a message that does not fit its frame.
      var overflow = new BufferOverflowException();
      overflow.initCause(tooLarge);
      throw overflow;
    }
  }

  @Override
  public final Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    return read(new Input(bytes), manifest);
  }

  @Override
  public final Object fromBinary(ByteBuffer buffer, String manifest)
      throws NotSerializableException {
    return read(new ByteBufferInput(buffer), manifest);
  }

  private void write(Object message, Output output) {
    if (!registry.knows(message.getClass())) {
      throw new IllegalArgumentException(
          "%s is not registered to cross nodes; add it to the wire registry"
              .formatted(message.getClass().getName()));
    }
    Kryo kryo = kryos.obtain();
    try {
      kryo.writeClassAndObject(output, message);
    } finally {
      kryos.free(kryo);
    }
  }

  private Object read(Input input, String manifest) throws NotSerializableException {
    if (!manifest.equals(version)) {
      throw new NotSerializableException(
          "a message has wire version %s; this node speaks %s: run one version in the cluster"
              .formatted(manifest, version));
    }
    Kryo kryo = kryos.obtain();
    try {
      Object message = new WireReader(kryo, input, actors()).registered(Object.class);
      if (!messages.isInstance(message)) {
        throw new NotSerializableException(
            "a %s is not a whole message".formatted(message.getClass().getName()));
      }
      return message;
    } catch (RuntimeException damaged) {
      var refused = new NotSerializableException("a message is damaged: " + damaged.getMessage());
      refused.initCause(damaged);
      throw refused;
    } finally {
      kryos.free(kryo);
    }
  }

  /** Looked up at use: the system is not complete while it creates its serializers. */
  private ActorRefResolver actors() {
    return ActorRefResolver.get(Adapter.toTyped(system));
  }

  private final class KryoPool extends Pool<Kryo> {
    KryoPool(int capacity) {
      super(true, false, capacity);
    }

    @Override
    protected Kryo create() {
      var kryo = new Kryo();
      kryo.setRegistrationRequired(true);
      kryo.setReferences(false);
      registry.entries().forEach(entry -> register(kryo, entry));
      return kryo;
    }

    private <T> void register(Kryo kryo, WireRegistry.Entry<T> entry) {
      kryo.register(entry.type(), new CodecSerializer<>(entry.codec()), entry.id());
    }
  }

  private final class CodecSerializer<T> extends Serializer<T> {
    private final WireCodec<T> codec;

    CodecSerializer(WireCodec<T> codec) {
      super(false, true);
      this.codec = codec;
    }

    @Override
    public void write(Kryo kryo, Output output, T value) {
      codec.write(new WireWriter(kryo, output, actors()), value);
    }

    @Override
    public T read(Kryo kryo, Input input, Class<? extends T> type) {
      return codec.read(new WireReader(kryo, input, actors()));
    }
  }
}

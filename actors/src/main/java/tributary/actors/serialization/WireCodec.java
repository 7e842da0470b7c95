package tributary.actors.serialization;

/**
 * How one class of message looks in bytes. Reader and writer name the same fields in the same
 * order; whatever one takes the other gives.
 */
public interface WireCodec<T> {
  void write(WireWriter out, T value);

  /** May throw any runtime exception on bytes that no writer wrote. */
  T read(WireReader in);

  /** A codec of two lambdas. */
  static <T> WireCodec<T> of(Writer<T> writer, Reader<T> reader) {
    return new WireCodec<>() {
      @Override
      public void write(WireWriter out, T value) {
        writer.write(out, value);
      }

      @Override
      public T read(WireReader in) {
        return reader.read(in);
      }
    };
  }

  /** The writing half of a codec. */
  @FunctionalInterface
  interface Writer<T> {
    void write(WireWriter out, T value);
  }

  /** The reading half of a codec. */
  @FunctionalInterface
  interface Reader<T> {
    T read(WireReader in);
  }
}

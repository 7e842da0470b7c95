package tributary.compression.distill;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tributary.compression.calibration.ScratchFile;
import tributary.model.gradient.Completion;
import tributary.model.gradient.CompletionBatch;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.Matrix;

/**
 * What the fine-tune's head reads of each record, [tokens, hidden] fp32, computed when it is first
 * asked for and then kept in a {@link ScratchFile}: the fine-tune does not change, and records are
 * seen again and again.
 */
final class TeacherStates implements AutoCloseable {
  private final GradientPass teacher;
  private final ScratchFile file;

  /** Where in the file a record's states begin, in floats. */
  private final Map<Completion, Long> places = new HashMap<>();

  private long end;

  TeacherStates(GradientPass teacher, Path directory) {
    this.teacher = teacher;
    this.file = ScratchFile.in(directory);
  }

  /** Of all tokens that these records read, one record after the other. */
  Matrix of(List<Completion> records) {
    List<Completion> missing =
        records.stream().filter(record -> !places.containsKey(record)).distinct().toList();
    if (!missing.isEmpty()) {
      keep(missing);
    }
    int tokens = records.stream().mapToInt(Completion::inputs).sum();
    int columns = teacher.hiddenSize();
    FloatBuffer all = FloatBuffer.allocate(Math.multiplyExact(tokens, columns));
    for (Completion record : records) {
      ByteBuffer bytes = bytes(record.inputs() * columns);
      file.read(bytes, place(record) * Float.BYTES);
      all.put(bytes.flip().asFloatBuffer());
    }
    return new Matrix(all.array(), tokens, columns);
  }

  private void keep(List<Completion> records) {
    Matrix hidden = teacher.hidden(CompletionBatch.of(records).batch());
    ByteBuffer bytes = bytes(hidden.values().length);
    bytes.asFloatBuffer().put(hidden.values());
    file.write(bytes, end * Float.BYTES);
    for (Completion record : records) {
      places.put(record, end);
      end += (long) record.inputs() * hidden.columns();
    }
  }

  private long place(Completion record) {
    Long place = places.get(record);
    if (place == null) {
      throw new AssertionError("states of a record were not kept");
    }
    return place;
  }

  private static ByteBuffer bytes(int floats) {
    int size = Math.multiplyExact(floats, Float.BYTES);
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    file.close();
  }
}

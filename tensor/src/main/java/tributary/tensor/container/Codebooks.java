package tributary.tensor.container;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tributary.tensor.Shape;
import tributary.tensor.format.VectorCodes;

/** The codebooks of a file that is to be written: each once, however many matrices use it. */
final class Codebooks {
  /** Codebooks of one file. */
  static final int COUNT_MAX = 1024;

  private final List<float[]> books = new ArrayList<>();

  /** What a stored codebook must be. */
  static Part part(int index, int vectorRows) {
    return Part.numbers("codebook." + index, Shape.of(VectorCodes.VECTORS, vectorRows));
  }

  /** The place of this codebook, which is taken in where it is new. */
  int indexOf(float[] book) {
    for (int i = 0; i < books.size(); i++) {
      if (Arrays.equals(books.get(i), book)) {
        return i;
      }
    }
    if (books.size() == COUNT_MAX) {
      throw new IllegalArgumentException("more than " + COUNT_MAX + " codebooks");
    }
    books.add(book);
    return books.size() - 1;
  }

  /** Rows that share an index, for each codebook in order. */
  List<Integer> vectorRows() {
    return books.stream().map(book -> book.length / VectorCodes.VECTORS).toList();
  }

  void store(CodeLayout.Sink sink) {
    for (int i = 0; i < books.size(); i++) {
      Part part = part(i, vectorRows().get(i));
      sink.put(part, Numbers.of(books.get(i), part.shapes().getFirst()));
    }
  }
}

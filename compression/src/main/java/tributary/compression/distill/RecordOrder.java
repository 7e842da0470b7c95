package tributary.compression.distill;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import tributary.model.gradient.Completion;

/** Records again and again, each time in another order, a batch at a time. */
final class RecordOrder {
  private final List<Completion> records;
  private final int batchRecords;
  private final Random random;
  private int next;

  RecordOrder(List<Completion> records, DistillationSettings settings) {
    this.records = new ArrayList<>(records);
    this.batchRecords = Math.min(settings.batchRecords(), records.size());
    this.random = new Random(settings.seed());
    this.next = records.size();
  }

  /** What is left of a round and fills no batch is left out. */
  List<Completion> next() {
    if (next + batchRecords > records.size()) {
      Collections.shuffle(records, random);
      next = 0;
    }
    next += batchRecords;
    return List.copyOf(records.subList(next - batchRecords, next));
  }
}

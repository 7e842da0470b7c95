package tributary.model.gradient;

import org.jspecify.annotations.Nullable;
import tributary.model.decoder.Embedding;

/** Looks up what the first block reads. Has no way back: embeddings are not calibrated. */
final class EmbeddingStep {
  private final Values tokens;
  private final float scale;
  private final @Nullable Values positions;
  private final int firstPosition;
  private final int hidden;

  EmbeddingStep(DenseModel model) {
    Embedding embedding = model.network().inputs();
    Embedding.Positions learned = embedding.positions();
    this.tokens = model.embeddings();
    this.scale = embedding.scale();
    this.positions = learned == null ? null : model.matrix(learned.matrix());
    this.firstPosition = learned == null ? 0 : learned.first();
    this.hidden = embedding.tokens().columns();
  }

  Matrix forward(TokenBatch batch) {
    Matrix out = Matrix.zeros(batch.rows(), hidden);
    float[] token = new float[hidden];
    float[] place = new float[hidden];
    int row = 0;
    for (int[] sequence : batch.sequences()) {
      for (int position = 0; position < sequence.length; position++) {
        int to = out.start(row++);
        tokens.read(sequence[position] * hidden, token);
        if (positions != null) {
          positions.read((firstPosition + position) * hidden, place);
        }
        for (int c = 0; c < hidden; c++) {
          out.values()[to + c] = token[c] * scale + place[c];
        }
      }
    }
    return out;
  }
}

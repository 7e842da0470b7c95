package tributary.compression.calibration;

import org.jspecify.annotations.Nullable;

/**
 * What calibration records say of one linear layer's inputs. X holds the inputs that the layer has
 * in the fine-tune, Y those that it has in the model compressed so far, one column a token.
 *
 * @param columns inputs of the layer, K
 * @param tokens columns of X and Y
 * @param gram {@code Y Y^T} [K, K], row-major, summed over tokens
 * @param cross {@code X Y^T} [K, K]; null when X was not computed, which codecs take for {@code Y
 *     Y^T}
 */
@SuppressWarnings("ArrayRecordComponent") // As large as the layer; owned by one walk.
public record InputStatistics(int columns, long tokens, double[] gram, double @Nullable [] cross) {}

/**
 * The Any-Precision codec: each row's values are clustered, clusters are split in two bit by bit,
 * and the clusters' means are the tables of {@link tributary.tensor.format.LookupPlanes}. Errors
 * are weighed by how much the fine-tune's loss minds them.
 *
 * <p>May use {@code compression}'s contracts, {@code model.gradient}, {@code gpu}'s {@link
 * tributary.gpu.Gemm}, {@code tensor.format} and {@code protocol}. Departs from the released code
 * in this: seed and splits are exact instead of heuristic, values that are zero count as all others
 * (in a difference they are common and mean something), widths below the seed's are served too, and
 * planes lie as {@code tensor.format} says.
 */
@NullMarked
package tributary.compression.anyprecision;

import org.jspecify.annotations.NullMarked;

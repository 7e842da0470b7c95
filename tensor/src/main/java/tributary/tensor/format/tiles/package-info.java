/**
 * The order in which tensor-core kernels want the numbers of a delta: the normative layouts of
 * device memory, each with a scalar twin that packs and unpacks it.
 *
 * <p>What a code means is defined in {@code tensor.format}; here its bits only change places and
 * are padded. Everything is built of three pieces, all for <b>tiles</b> of 16 outputs and
 * <b>chunks</b> of 128 inputs that one warp of 32 lanes reads; lane l is (g, t) = (l / 4, l % 4),
 * and a tile's <b>halves</b> are its outputs 0 to 7 and 8 to 15:
 *
 * <ul>
 *   <li><b>quad words</b>: each lane has 4 words of 32 bits a chunk, [tiles][chunks][32 lanes][4],
 *       so one load of 16 bytes a lane is 512 bytes in a row for the warp;
 *   <li><b>pair words</b>: each lane has 2 words a chunk, in the order of sign tiles: slices of
 *       inputs are cut in groups of 4 chunks, each [2 words][32 lanes][4 chunks], so that a load of
 *       16 bytes holds 4 chunks of one word; what is left of a slice is chunk by chunk, each [2
 *       words][32 lanes];
 *   <li><b>row numbers</b>: numbers of 16 outputs as [tiles][...][8 g][2 halves], so that what a
 *       lane needs for its two outputs g and g + 8 lies together.
 * </ul>
 *
 * See {@link tributary.tensor.format.tiles.TileGrid} for the indices. Rows are outputs and columns
 * inputs; both are padded to whole tiles and chunks. Padded inputs meet activations of zero and
 * padded outputs are not written, so that the padding's codes are of no account where nothing else
 * is said; it is zero.
 *
 * <p>Within a word of codes of w bits, two neighbouring inputs (or the two kept of a quadruple) lie
 * 16 bits apart: shifted and masked with {@code (2^w - 1) * 0x00010001}, a word gives the two
 * halves of one register of a fragment, to which an exponent can be or-ed.
 *
 * <p>The factors of a low-rank difference need nothing of their own: they are dense matrices and
 * lie as weight tiles.
 *
 * <p>May use {@code tensor.format}.
 */
@NullMarked
package tributary.tensor.format.tiles;

import org.jspecify.annotations.NullMarked;

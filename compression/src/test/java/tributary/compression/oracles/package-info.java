/**
 * Where each oracle of the codecs is proven, and what is proven nowhere else. A class without a
 * room is a test of this one; a name that begins with a point belongs to the class before it.
 *
 * <h2>Solver</h2>
 *
 * <pre>
 * T1   ColumnSweepTest.without_curvature_every_weight_is_rounded_to_nearest
 * T2   ColumnSweepTest.inputs_that_share_nothing_make_up_for_nothing
 * T3   ColumnSweepTest.larger_inputs_change_no_code; DeltaZipEncoderTest (masks, codes, scales) and
 *      SpqrEncoderTest (codes, outliers) .larger_inputs_change_nothing
 * T4   ColumnSweepTest.blocks_and_panels_change_nothing_but_rounding,
 *      PruningCoderTest.blocks_change_neither_what_is_pruned_nor_codes
 * T5   PruningCoderTest.what_is_kept_after_what_was_pruned_is_the_least_squares_solution
 * T6   ColumnSweepTest.making_up_for_errors_lowers_the_output_error_of_all_rows_together
 * T7   ColumnSweepTest.dead_columns_decode_from_zero, .fewer_tokens_than_inputs_give_finite_results,
 *      DeltaZipEncoderTest.inputs_that_never_came_and_too_few_tokens_have_a_clear_outcome
 * T8   ColumnSweepTest.coded_in_another_order_columns_return_to_their_places,
 *      SpqrEncoderTest.coding_in_another_order_is_coding_the_reordered_problem
 * </pre>
 *
 * <h2>DeltaZip</h2>
 *
 * <pre>
 * D1   DeltaZipEncoderTest.every_four_inputs_keep_two_at_different_places_whatever_they_decode_to,
 *      PackingTest.a_kept_weight_that_decodes_to_0_takes_the_lowest_position_that_remains
 * D2   DeltaZipEncoderTest.without_shared_inputs_the_two_largest_are_kept_and_of_equal_ones_the_first
 * D3   CalibratedCodecsTest.a_fine_tune_that_is_the_base_is_served_bit_for_bit_as_the_base,
 *      DeltaZipEncoderTest.an_unchanged_layer_decodes_to_zeros
 * D4   ArchiveWordsTest.codes_and_zeros_come_back, .zeros_are_stored_one_less_than_they_mean
 * D5   DeltaZipEncoderTest.the_archive_of_the_codes_decodes_to_the_same_weights,
 *      .a_kept_weight_of_code_zero_stays_at_its_place; of published archives
 *      PublishedDeltaTest.the_codes_of_deltazip_are_taken_over
 * D6   ShardedDeltaTest. Nothing is served on several devices: proven is that 2:4 and dense codes
 *      can be cut for 1, 2 and 4 of them as they lie, and that the scalar and the vector kernels
 *      give the whole layer's outputs, bit for bit where outputs are cut.
 * D7   gpu: MixedBatchTest.every_row_is_its_tenants_dense_product,
 *      BatchIndependenceTest.a_row_of_a_linear_layer_is_the_same_alone_and_in_any_batch
 * D8   SequentialWalkTest
 *      .each_layer_sees_the_inputs_that_it_has_after_all_layers_before_it_were_compressed
 * D9   tensor: StoredCodesTest.any_code_survives_the_file,
 *      FramesTest.what_shrinks_is_a_frame_and_all_is_read_back, .a_tensor_of_nothing_is_read_back
 * D10  DeltaZipEncoderTest.more_bits_and_fewer_pruned_weights_miss_less
 * </pre>
 *
 * <h2>BitDelta</h2>
 *
 * <pre>
 * B1   SignEncoderTest.the_scale_is_the_mean_magnitude_and_any_other_is_worse_by_the_squared_miss
 * B2   SignEncoderTest.each_plane_lowers_the_squared_error_by_its_own_energy
 * B3   SignEncoderTest.equal_magnitudes_are_given_back_exactly_whatever_the_width,
 *      tensor: TilesTest.signs_are_unpacked_whatever_the_padding
 * B4   SignEncoderTest.equal_magnitudes_are_given_back_exactly_whatever_the_width
 * B5   SignEncoderTest.the_relative_error_is_that_of_the_distribution
 * B6   ScaleDistillationTest.a_scales_derivative_is_what_the_loss_does,
 *      .distilled_scales_are_nearer_to_the_fine_tune, .scales_that_get_worse_are_not_taken
 * B7   SignEncoderTest.each_plane_lowers_the_squared_error_by_its_own_energy,
 *      .scales_need_not_fall_from_plane_to_plane
 * </pre>
 *
 * <h2>SpQR</h2>
 *
 * <pre>
 * S1, S2  SpqrEncoderTest
 *      .without_outliers_and_second_grids_it_is_rounding_on_fitted_grids_with_compensation
 * S3   SpqrEncoderTest
 *      .with_a_threshold_of_zero_every_weight_that_is_missed_is_stored_beside_its_grid
 * S4   SpqrEncoderTest.an_outlier_leaves_no_error_for_others_to_make_up_for
 * S5   LikelyOutliersTest.in_the_first_group_weights_can_only_join_while_the_threshold_falls,
 *      SpqrEncoderTest.fewer_outliers_with_a_larger_threshold
 * S6   SpqrEncoderTest.groups_of_zeros_decode_to_zeros_beside_others,
 *      .a_group_of_equal_weights_decodes_to_their_value
 * S7   SpqrEncoderTest.stored_bits_are_those_of_the_formula. The published GPU form of 4.0 bits is
 *      not ours: tensor.format.tiles says what ours takes.
 * S8   SpqrEncoderTest.equal_statistics_are_stored_as_they_are
 * S9   SpqrEncoderTest.outliers_are_sorted_and_at_their_columns_in_any_order_of_coding
 * </pre>
 *
 * <h2>Any-Precision</h2>
 *
 * <pre>
 * A1   AnyPrecisionEncoderTest.every_table_holds_the_means_of_what_each_prefix_stands_for,
 *      tensor: MatrixCodeTest.bits_of_planes_are_those_of_the_codes_that_were_put
 * A2   AnyPrecisionEncoderTest.every_table_holds_the_means_of_what_each_prefix_stands_for
 * A3   ClustersTest.the_means_of_halves_weigh_as_much_as_that_of_the_whole
 * A4   AnyPrecisionEncoderTest.more_bits_are_never_worse, .a_cluster_for_every_value_loses_nothing
 * A5   ClustersTest.a_split_is_never_worse_than_lloyds
 * A6   AnyPrecisionEncoderTest.codes_come_back_from_their_planes,
 *      tensor: TilesTest.look_up_planes_of_layers_as_wide_as_models_have_are_unpacked
 * A7   gpu: PlanesTest.a_width_touches_no_byte_of_later_planes
 * A8   gpu: PlanesTest
 *      .look_ups_are_products_with_the_decoded_matrix_whatever_the_number_of_rows
 * </pre>
 *
 * <h2>Vectors</h2>
 *
 * <pre>
 * V1   DeltaZipEncoderTest.the_published_grid_clips_the_largest_weight
 * V2   CurvatureTest.the_factor_of_two_pairs_of_alike_inputs_is_the_published_one
 * V3   PruningCoderTest.pruning_alone_moves_what_is_lost_to_the_inputs_that_are_kept
 * V4, V5  DeltaZipEncoderTest.the_published_vectors_are_reproduced
 * V6   SignEncoderTest.the_published_example_is_met_and_the_sign_of_zero_is_plus,
 *      tensor: SignPlanesTest.bit_t_of_word_w_is_column_64_w_plus_t
 * V7   AnyPrecisionEncoderTest.the_published_vector
 * V8   LikelyOutliersTest.leaving_out_the_one_far_weight_saves_most
 * V9   SpqrEncoderTest.stored_bits_are_those_of_the_formula,
 *      tensor: MatrixCodeTest.four_outliers_in_a_thousand_weights_take_what_the_formula_says
 * V10  PackingTest.kept_pairs_are_nibbles_the_first_in_the_lowest
 * </pre>
 */
@NullMarked
package tributary.compression.oracles;

import org.jspecify.annotations.NullMarked;

"""What the number is that decides each claim, in words and with its unit, for the cards and the ledger.

A module of its own, which no claim imports: else each claim would depend on the words of the others.
"""

MEASURED = {
    "a_bias_for_a_span": "share of the memory that is left after 1,000 steps if the gate stands still",
    "a_bottleneck_loses": "factor of the two layers together on the mean square",
    "a_corner_is_almost_never_met": "number of pre-activations that are exactly 0",
    "a_factor_leaves_the_direction": (
        "largest difference between an entry of the gradient and $c^{L-1}$ times the entry before, relative "
        "to the largest"
    ),
    "a_few_products_carry_the_mean": (
        "share of the sum of squares that belongs to the largest hundredth of the products"
    ),
    "a_gate_at_one_half_forgets": "logarithm of what is kept at a bias of 1, over that of the closed form",
    "a_larger_scale_rescues_depth_ten": "share of the test digits that the worst of 3 networks reads",
    "a_little_noise_costs_steps": (
        "steps until the units part from a tenth of the noise, over those from the whole noise"
    ),
    "a_power_explodes_above_one": "logarithm of the product of 100 factors of 1.1",
    "a_quarter_to_the_n_is_no_bound": "factor of a layer on the gradient's rms, the least of 8 networks",
    "a_readout_finds_the_digits_in_layer_ten": "share of the test digits that the worst of 5 readouts reads",
    "a_saturated_unit_vanishes": "factor of a step on the gradient",
    "a_smaller_rate_bears_a_larger_scale": "share of the test digits that the worst of 5 networks reads",
    "a_smaller_rate_does_too": "share of the test digits that the worst of 4 networks reads",
    "adam_bears_what_is_too_small": "share of the test digits that the worst network with a vanishing gradient reads",
    "adam_frees_five_sigmoid_layers": "share of the test digits that the worst of 3 networks of five layers reads",
    "adam_learns_from_half_the_scale": "share of the test digits that the worst of 5 networks reads",
    "attention_is_stacked": "deviation of the weights that PyTorch drew",
    "backpropagation_is_the_product": "largest relative difference between the product of matrices and backpropagation",
    "backward_factor_is_chi": "distance from theory of the worst of 22 pairs, over the error that is allowed",
    "batch_norm_at_fifty_layers": "logarithm of the factor of fifty layers on the gradient's rms",
    "batch_norm_explodes": "factor of a layer on the gradient's mean square, the farthest from theory of three scales",
    "beyond_four_hundred_it_does_not": "share of the test digits that the best network reads",
    "biases_hold_up_the_signal": "rms of the pre-activations in the last layer",
    "centered_units_need_less": "factor of a layer on the gradient's rms, over 60 layers",
    "chaos_parts_inputs": "cosine of the two inputs after 60 layers",
    "clipping_brings_it_back": "output of the recurrence after 200 steps, which should be one half",
    "clipping_cannot_mend_infinity": "1 if the infinite gradient is refused where dividing gives NaN, and else 0",
    "clipping_keeps_the_direction": "cosine between the gradient and the clipped gradient",
    "constant_output_weights_cancel_the_errors": "size of the hidden layer's gradient",
    "convex_from_anywhere": "loss at the end, over the lowest loss that there is",
    "correlation_closes_like_one_over_l_squared": "$l^2$ times one minus the correlation, in layer 20,000",
    "counting_layers_ends_at_three": "mean square at the end over that at the start",
    "dead_units_are_born_deep": "share of the units of layer 20 that are off for each of 256 digits",
    "dead_units_halve": "steps until 80 % of the test digits are right, over those from a good start",
    "deep_linear_stays_at_zero": "size of the largest gradient of a weight",
    "deep_sigmoid_is_stuck": "distance of the loss from ln 10, the largest of 6 networks",
    "depthwise_counts_all_channels": "deviation of the weights that Keras drew",
    "deviation_is_the_wrong_target": "factor of a layer on the signal's rms",
    "differences_shrink_forward_too": "factor of a layer on the difference between inputs",
    "divided_branches_end_at_e": "mean square at the end over that at the start, with 50 branches",
    "divided_pre_norm_branches_double_the_stream": "mean square at the end over that at the start, with 100 branches",
    "division_tames_the_first_step": "how far a step moves the output with 64 divided branches, over that with 4",
    "dropout_breaks_it": "distance between two units after 100 steps, the least of 5 networks",
    "dropout_does_not_help_from_zeros": "size of the largest weight after 100 steps",
    "dropout_parts_even_zeros": "distance between two units after 200 steps, the least of 5 networks",
    "embeddings_differ_by_thirty": "PyTorch's deviation over Keras's",
    "equal_units_stay_equal": "largest distance between two units",
    "escape_time_against_depth": (
        "steps to half of the digits from Glorot's scale in 10 layers, over those from He's in 30"
    ),
    "fifty_relu_layers": "distance of what was printed from what is expected, in standard deviations",
    "five_thirds_explodes_backward": "factor of a layer on the gradient's rms",
    "five_thirds_has_a_fixed_point": "rms of the activations in the last layer",
    "fixup_step_does_not_depend_on_depth": "how far a step moves the output with 64 branches, over that with 4",
    "fixup_trains_two_hundred_layers": "share of the test digits that the worst of 3 networks reads",
    "folding_doubles_the_pieces": (
        "distance between the base-2 logarithm of the number of pieces and the number of compositions"
    ),
    "forward_factor_is_the_length_map": "distance from theory of the worst of 22 pairs, over the error that is allowed",
    "four_pixels_never_change": "number of directions that the inputs span, their rank",
    "gain_of_your_own_is_exact": "largest relative error of a gain",
    "gains_by_deviation": (
        "distance of what was printed from what is expected, in standard deviations; the largest of six"
    ),
    "gaussian_products_lose_directions": "share of the singular values that are below a tenth",
    "gelu_gain_is_unstable": "slope of the map from one layer's variance to the next, at variance 1",
    "gelu_is_not_relu": "rms in the first layer over that in the last, at He's scale",
    "gelu_is_unstable_with_biases_too": (
        "factor of a layer on a small distance from variance 1, the least of four activations"
    ),
    "glorot_compromises": "factor on the mean square on the way forward, less 1",
    "glorot_loses_at_every_change": "factor of all layers on the gradient's mean square",
    "glorot_mean_singular_values": "mean singular value of the last layer's Jacobian, from Glorot's scheme",
    "gradient_of_a_layer_over_the_next": "distance of what was printed from what is expected, in standard deviations",
    "gradient_window_of_the_sigmoid": r"the $\left|w\right|$ at which the interval is widest",
    "gradients_differ_between_inputs": (
        "distance between two weights of a unit after one step, over the longer of their moves"
    ),
    "growth_of_random_matrices": (
        "distance of the growth from theory, in its standard errors; the largest of five widths"
    ),
    "half_above_one_vanishes": "growth of the product's logarithm with each factor",
    "half_of_it_is_scale": "share of the lost steps that larger weights bring back",
    "half_the_scale_does_not_learn": "share of the test digits that the best of 5 networks reads",
    "he_gives_the_half_back": "factor of a layer on the signal's mean square",
    "he_has_no_fixed_size": "variance in a layer over that in the layer before",
    "identity_is_on_the_edge": "factor on the gradient after 150 steps, at one percent more",
    "identity_keeps_the_gradient": "length of the gradient after 150 steps, over that at the start",
    "identity_starts_at_one": "factor on the gradient of a unit that is on, the least found",
    "it_is_the_mean_square_not_the_variance": (
        r"mean square of $w \cdot x$, for inputs with a mean square of 1 and a variance of 0.1"
    ),
    "jax_normal_has_no_tails": "largest weight, in deviations that were asked for",
    "keras_and_flax_defaults_lose_half": (
        "logarithm of the factor of a layer on the gradient's rms, from Flax's default"
    ),
    "keras_counts_all_groups": "deviation of the weights that Keras drew",
    "keras_gates_are_not_orthogonal": "length of a state behind a gate's part, over that before",
    "keras_transposes_too": "deviation of the weights that Keras drew",
    "large_entries_vanish": "length of the gradient after two steps",
    "large_singular_value_is_not_sufficient": "length of the gradient after 100 steps",
    "larger_weights_do_as_much": "share of the test digits that the worst of 3 networks with larger weights reads",
    "lecun_constants_hit_the_targets": "value of the function at 1",
    "lecun_curvature_peaks_beside_one": "the $x$ at which the curvature is largest",
    "lecun_tanh_settles_below_one": "mean square of the outputs",
    "lengths_settle_in_a_few_layers": (
        "size of the smaller input over that of the larger, after ten layers at twice LeCun's scale"
    ),
    "loss_at_the_start": "first loss from a small last layer, the farthest from ln 10 of 32 networks",
    "lsuv_leaves_single_inputs": "largest rms of a digit in layer 20",
    "magic_number_is_a_tenth": "the middle of the numbers that are cut to -2.19",
    "mean_and_median_part": "share of 2,000 networks whose squared length is below its mean",
    "mirrored_blocks_keep_every_direction": "distance of a singular value from 1, the largest",
    "more_equal_units_add_nothing": "largest difference of the loss between 1, 2 and 4 equal units",
    "most_units_are_switches_then": "share of the units whose slope is below a tenth of the largest",
    "mup_moves_do_not_depend_on_width": (
        "slope of a layer's change over the width, both as logarithms; the largest of three layers"
    ),
    "n_units_are_one": "largest distance between the outputs of the $n$ units and of the one",
    "narrow_networks_lose": "drop of the logarithm in a layer, in units of $1/(2n)$, at width 64",
    "nnx_gates_are_stacked": "deviation of the weights that Flax drew",
    "no_pair_for_two": "number of activations without a pair",
    "non_normal_grows_first": "largest length of the gradient on the way, over that at the start",
    "nudging_a_weight_agrees": "largest difference between a derivative and the change of the loss, over the step",
    "one_correction_suffices": "distance of the variance from 1, the largest of 20 layers with ReLU and tanh",
    "one_direction_is_enough": "factor of all layers on the gradient's mean square",
    "one_layer_has_n_plus_one": "most pieces that a layer of 20 units made",
    "one_over_root_n_is_not_glorot": "deviation of the weights that were drawn",
    "one_relu_layer": "distance of what was printed from what is expected, in standard deviations",
    "one_relu_layer_at_he": "distance of what was printed from what is expected, in standard deviations",
    "only_keras_remembers": "bias of Keras's forget gate",
    "only_the_second_moment_counts": "difference of the factors of a layer, uniform less normal",
    "order_merges_inputs": "factor of a layer on one minus the cosine",
    "orthogonal_keeps_every_length": "distance of a singular value from 1, the largest after 1,000 factors",
    "orthogonal_linear_keeps": "length of the gradient after 150 steps, over that at the start; the farthest from 1",
    "orthogonal_relu_halves": "number of times that the state's mean square is halved at a step",
    "orthogonal_tanh_wants_a_gain_of_one": (
        "logarithm of the gradient's rms in the first layer, over that in the last, at the forward gain"
    ),
    "other_ways_to_break_it": "distance between two units after 50 steps",
    "pair_keeps_both": "logarithm of the factor of a layer on signal or gradient, the worst found",
    "plain_normal_grows_with_d": "slope of the mean square over the number of inputs, both as logarithms",
    "post_norm_keeps_both": "factor of a block on the gradient's rms",
    "post_norm_with_tanh_does_not": "factor of 24 blocks on the gradient's rms",
    "pre_norm_gradient_grows_like_the_root": "factor of the first four blocks on the gradient's rms",
    "pre_norm_grows_by_one": "mean square at the end of 24 blocks",
    "pretraining_finds_larger_weights": (
        "deviation of the weights after pre-training, over that before, the least of four layers"
    ),
    "pretraining_revives_depth_five": "share of the test digits that the worst of 3 networks reads after 100 steps",
    "prior_saves_the_first_steps": "loss at the prior's bias",
    "product_of_100_matrices": "distance of what was printed from what is expected, in standard deviations",
    "pytorch_default_forgets_its_input": "distance between two outputs, over their length; the largest of 8 networks",
    "random_outputs_part_constant_layers": "distance between the two units after one step",
    "random_weights_break_it": "largest loss of 5 networks of four random units",
    "rates_do_not_rescue_depth_ten": "share of the test digits that the best network reads",
    "rates_rescue_depth_five": "share of the test digits that the worst of 3 networks reads",
    "reach_grows_like_one_over_distance": "reach at a distance of 0.5 % from the edge, over that at 5 %",
    "reach_is_the_depth_scale": "number of layers in which the gradient's rms shrinks by a factor of $e$",
    "recurrences_follow_the_radius": "factor of a step on the gradient's length",
    "relu_at_depth_ten_by_scale": "steps to half of the digits from LeCun's scale, over those from He's",
    "relu_can_have_both": "difference between the forward and the backward gain, the largest of three activations",
    "relu_edge_is_he": "factor of a layer on the gradient's rms",
    "relu_factors_by_scale": "relative distance of the worst factor of a layer from theory",
    "relu_halves": "steps until 80 % of the test digits are right, over those from a good start",
    "relu_has_a_point": "growth of the variance in a layer, for biases of deviation 0.3",
    "relu_trains_without_being_smooth": "share of the test digits that the worst of 5 networks reads",
    "relu_undoes_orthogonality": "relative variance of the squared singular values after four layers",
    "root_d_keeps_the_size": (
        r"distance of the mean square of $w \cdot x$ from 1, in its standard errors; the largest of three "
        "numbers of inputs"
    ),
    "root_five_is_a_bound": r"largest of the weights, in units of $1/\sqrt{n_\text{in}}$",
    "rows_part_at_the_first_step": "largest distance between two weights of a unit, after one step",
    "rows_point_one_way": "least cosine between two rows",
    "scalar_edge_is_at_1_89": "the deviation at which a product neither grows nor falls",
    "scale_alone_does_not": "steps until 80 % of the test digits are right, over those with weights of the usual size",
    "schemes_have_the_law_they_state": (
        "distance of a mean or a variance from its formula, in its standard errors; the largest"
    ),
    "selu_at_three_quarters": "distance of what was printed from what is expected, in standard deviations",
    "selu_gradient_grows": "factor of a layer on the gradient's rms",
    "selu_keeps_mean_and_variance": (
        "largest distance of the constants, the mean and the variance from what they should be"
    ),
    "shuffled_weights_still_learn": "share of the test digits that the worst of 3 networks with shuffled weights reads",
    "sigmoid_factor_reaches_one_near_ten": "scale of the weights, in LeCun's, at which the factor of a layer is 1",
    "sigmoid_has_an_edge_far_out": "factor of a layer on the gradient's rms",
    "sigmoid_learns_less_than_its_gradient": "share of the test digits that the best network reads",
    "sigmoid_leaves_zero_as_one_unit": "largest distance between two units",
    "sigmoid_lecun_factor": "factor of a layer on the gradient's rms",
    "sigmoid_weight_gradients_shrink": "logarithm of a weight gradient's rms, over that ten layers later",
    "silu_at_he_dies": "logarithm of the rms in the first layer over that in the last, at He's scale",
    "silu_inputs_run_apart": "size of the input that grew most, in the last layer over the first",
    "slope_is_at_most_a_quarter": "largest slope found",
    "slope_of_the_correlation_map_is_chi": (
        r"relative difference between the slope and $\chi_1$, the largest of four points"
    ),
    "slope_underflows_from_the_output": "slope at 40 over $e^{-40}$",
    "slopes_are_derivatives": "largest difference between a slope and a difference quotient",
    "slopes_from_the_output": "largest relative error of a slope",
    "small_bias_does_not_make_all_fire": "share of the units that fire with the bias and not without it",
    "small_embeddings_start_even": "first loss, the larger of the two networks",
    "small_entries_explode": "growth of the product's logarithm with each factor",
    "small_normal_shrinks": "factor of a layer on the signal's rms",
    "small_singular_value_is_sufficient": (
        "logarithm of the gradient's length less that of the bound, the largest found"
    ),
    "spectrum_spreads_with_depth": "relative variance of the squared singular values that a factor adds",
    "spread_grows_with_depth_over_width": "$n$ times what a layer adds to the ratio",
    "stable_is_not_self_normalizing": "rms of the activations in layer 60",
    "standard_divides_by_root_three": "factor of a layer on the gradient's rms",
    "steps_do_not_learn": "how far the farthest weight in front of a step has moved",
    "stream_doubles": "number of times that the mean square doubles in a block",
    "tanh_and_relu_weight_gradients_do_not": (
        "logarithm of the factor of a layer on the weight gradient's rms, the larger of tanh and ReLU"
    ),
    "tanh_cannot_have_both": "factor of a layer on the gradient's rms",
    "tanh_dies_slowly": "rms of the pre-activations in layer 60",
    "tanh_does_not_stabilize_at_a_quarter": "variance in layer 25 over that in layer 100",
    "tanh_edge_is_lecun": r"$\chi_1$ at LeCun's scale, in layer 400",
    "tanh_edge_with_biases": "variance of the weights at the edge",
    "tanh_halves": "steps until 80 % of the test digits are right, over those from a good start",
    "tanh_recurrence_is_tamed": "logarithm of the gradient's length after 100 steps, the largest of 8 recurrences",
    "the_peak_is_at_zero": "the $z$ at which the slope is largest",
    "the_right_scale_learns": "share of the test digits that the worst of 5 networks reads",
    "the_same_matrix_is_worse": "spread of the logarithm after 400 steps, over that after 100",
    "they_are_off_because_inputs_are_alike": "share of the units that are off for both of two inputs, in layer 10",
    "thirty_layers_by_default": "base-10 logarithm of what is left of the gradient with PyTorch's default",
    "thirty_layers_train_from_he": "share of the test digits that the worst of 3 networks from He's scale reads",
    "tied_embeddings_start_loud": "first loss where the embedding is the output matrix too",
    "too_large_a_scale_is_gone": "step at which the last of 5 networks overflows",
    "torch_default_divides_by_root_six": "factor by which a layer divides the gradient",
    "torch_truncates_at_two_not_at_two_sigma": (
        "mean of the fourth power over the square of the mean square, 3 for a normal distribution"
    ),
    "trainable_depth_follows_the_edge": "share of the test digits that the median of 8 networks on the edge reads",
    "trainable_depth_over_depth_scale": (
        "deepest network that trains, in depth scales; the least of the scales of weights"
    ),
    "transposed_counts_outputs": "deviation of the weights that PyTorch drew",
    "truncated_is_as_good_as_normal": (
        "logarithm of the factor of a layer from truncated weights, over that from normal ones"
    ),
    "twenty_default_layers": "logarithm of the factor of a layer on the gradient's length",
    "two_inputs_become_one": "one minus the cosine of two inputs in layer 20",
    "two_over_n_is_of_weights": "variance of a unit's sum over 1,024 inputs",
    "units_between_say_different_things": "deviation of a unit's output over the inputs, in layer 20",
    "variance_for_deviation_dies": "rms behind the layer over that before it",
    "what_is_left_is_length": "variance of the ratio of two lengths, times the width",
    "what_is_off_depends_on_the_inputs": (
        "percent of the units of layer 3 that are off for each of 256 digits, pixels not centered"
    ),
    "where_floats_end": "layer in which half precision overflows",
    "within_twenty_it_trains": "share of the test digits that the worst network reads",
    "without_biases_angles_are_kept": "one minus the cosine in the last layer, over that in the first",
    "without_the_minus_it_explodes": "step at which the last of 3 networks overflows",
    "xavier_depends_on_the_fans": "factor of the layer on the variance",
    "zeros_find_the_smallest_solution": "norm of the weights at the end, over that of the smallest solution",
    "zeros_stop_tanh_and_relu": "how far the farthest weight has moved",
}

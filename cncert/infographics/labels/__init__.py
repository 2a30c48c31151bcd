"""From words and marks on a plane to labelled numbers. Knows no picture format and no engine.

read_labelled_numbers.py is the public entry point and calls the others in this order: words_and_marks.py has what goes
in, paragraphs.py takes the running text out, split_words.py splits the words into tokens, table_layout.py finds headers
of tables and the ticks of axes, find_labels.py joins tokens to labels and names their metrics, find_numbers.py joins
numbers with units and percentages with directions, number_of_label.py pairs labels and numbers and change_of_number.py
numbers and percentages (possible_pairs.py weighs which belong together, for both), plausibility.py checks the result.
"""

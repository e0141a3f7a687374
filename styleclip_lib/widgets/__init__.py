"""Controls for the lessons.

What a widget computes stands in a file that knows nothing of ipywidgets (`generator_play`, `sentence_play`); the file
that only binds it to sliders and buttons stands beside it (`generator_sliders`, `sentence_box`).
"""

//! Who may call what, and what they are shown: the decision, without a network.

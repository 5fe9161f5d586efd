//! What a policy document may say, and what it says.

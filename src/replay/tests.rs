//! Go's matching, case by case, and what is told where nothing matches.
